//! Comments in the embedded store: passes each call to the writer's thread or to a read-only connection.

use rusqlite::Connection;

use super::engine::{AdmitResult, Database, RecordResult};
use super::readers::ReadSize;
use super::{Embedded, read};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::{AuthorCounts, Facts};
use crate::store::change::Change;
use crate::store::clock::from_micros;
use crate::store::draft::{Draft, DraftVerdict, with_rate_limit};
use crate::store::entry::{Admission, AdmissionOutcome, QueueSummary, StoredComment};
use crate::store::page::{ListPage, ListQuery, PageBuilder};
use crate::store::person::Person;
use crate::store::row::{Row, decode_verdict};
use crate::verdict::Verdict;

impl Embedded {
    pub async fn admit(&self, admission: &Admission<'_>) -> Result<AdmissionOutcome, Error> {
        let (draft, limits) = (Draft::new(admission, admission.tentative), admission.applied_limits());
        let trust = admission.trust;
        let result = self.writer.run(move |database| database.admit(&draft, &limits, trust)).await?;
        Ok(match result {
            AdmitResult::Recorded(tightest) => {
                AdmissionOutcome::Recorded(with_rate_limit(admission.tentative, tightest.as_ref()))
            }
            AdmitResult::Repeated(verdict) => AdmissionOutcome::Repeated(decode_verdict(&verdict)?),
            AdmitResult::Undecided { facts, verdict_id, revision } => {
                AdmissionOutcome::Undecided { facts, verdict_id, revision }
            }
        })
    }

    pub async fn peek(&self, admission: &Admission<'_>) -> Result<Facts, Error> {
        let (draft, limits) = (Draft::new(admission, admission.tentative), admission.applied_limits());
        self.writer.run(move |database| database.peek(&draft, &limits)).await
    }

    pub async fn record(&self, admission: &Admission<'_>, verdict: &Verdict) -> Result<Option<Verdict>, Error> {
        let draft = Draft::new(admission, verdict);
        match self.writer.run(move |database| database.record(&draft)).await? {
            RecordResult::New => Ok(Some(verdict.clone())),
            RecordResult::Earlier(verdict) => decode_verdict(&verdict).map(Some),
            RecordResult::Moved => Ok(None),
        }
    }

    pub async fn get(&self, site: &Site, id: &CommentId) -> Result<Option<StoredComment>, Error> {
        let (site, id) = (site.clone(), id.clone());
        let row = self.read(ReadSize::Short, move |connection| read::comment(connection, &site, &id)).await?;
        row.map(Row::into_stored).transpose()
    }

    pub async fn history(&self, site: &Site, author: &Person) -> Result<AuthorCounts, Error> {
        let (site, author) = (site.clone(), *author);
        self.read(ReadSize::Short, move |connection| read::history(connection, &site, author)).await
    }

    pub async fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        let mut page = PageBuilder::new(query)?;
        while let Some((after, count)) = page.next_chunk() {
            let (site, after, order) = (site.clone(), after.cloned(), query.order);
            let selection = (query.decision, query.spot_checks);
            let fetch = move |connection: &Connection| read::list(connection, &site, selection, order, after.as_ref(), count);
            let rows = self.read(ReadSize::Long, fetch).await?;
            let rows = rows.into_iter().map(|(position, row)| Ok((position, Some(row.into_stored()?))));
            page.add(count, rows.collect::<Result<_, Error>>()?);
        }
        Ok(page.build())
    }

    pub async fn queue(&self, site: &Site) -> Result<QueueSummary, Error> {
        let site = site.clone();
        let (comments, oldest) = self.read(ReadSize::Long, move |connection| read::queue(connection, &site)).await?;
        Ok(QueueSummary { comments: comments.unsigned_abs(), oldest: oldest.map(from_micros).transpose()? })
    }

    pub async fn replace(&self, site: &Site, id: &CommentId, change: &Change<'_>) -> Result<bool, Error> {
        let (site, id, expected) = (site.clone(), id.clone(), change.expected_revision);
        let (verdict, event) = (DraftVerdict::new(change.verdict), prost::Message::encode_to_vec(&change.event));
        let outcome_update = change.outcome_update.clone();
        let replace = move |database: &mut Database| {
            let replaced = database.replace(&site, &id, expected, &verdict, &event)?;
            if replaced {
                database.update_outcomes(&site, &outcome_update)?;
            }
            Ok(replaced)
        };
        self.writer.run(replace).await
    }
}
