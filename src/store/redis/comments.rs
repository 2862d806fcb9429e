//! Reads comments, lists and queues from Redis.

use ::redis::Pipeline;

use super::{Redis, read};
use crate::comment::{CommentId, Site};
use crate::error::Error;
use crate::facts::AuthorCounts;
use crate::store::clock::from_micros;
use crate::store::entry::{QueueSummary, StoredComment};
use crate::store::page::{ListPage, ListQuery, PageBuilder};
use crate::store::person::Person;
use crate::store::row::Row;

impl Redis {
    pub async fn get(&self, site: &Site, id: &CommentId) -> Result<Option<StoredComment>, Error> {
        self.check_reachable(site)?;
        read::comment(&self.connection, &self.keys(site), id).await?.map(Row::into_stored).transpose()
    }

    pub async fn history(&self, site: &Site, author: &Person) -> Result<AuthorCounts, Error> {
        self.check_reachable(site)?;
        read::history(&self.connection, &self.keys(site), author).await
    }

    pub async fn list(&self, site: &Site, query: &ListQuery<'_>) -> Result<ListPage, Error> {
        self.check_reachable(site)?;
        let keys = self.keys(site);
        let mut builder = PageBuilder::new(query)?;
        while let Some((after, count)) = builder.next_chunk() {
            let positions = read::places(&self.connection, &keys, query, after, count).await?;
            let rows = read::rows(&self.connection, &keys, &positions).await?;
            let to_stored = |row: Option<Row>| row.map(Row::into_stored).transpose();
            let rows = positions.into_iter().zip(rows).map(|(position, row)| Ok((position, to_stored(row)?)));
            builder.add(count, rows.collect::<Result<_, Error>>()?);
        }
        Ok(builder.build())
    }

    pub async fn queue(&self, site: &Site) -> Result<QueueSummary, Error> {
        self.check_reachable(site)?;
        let held = self.keys(site).held_by_time();
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.cmd("ZCARD").arg(&held).cmd("ZRANGE").arg(&held).arg(0).arg(0).arg("WITHSCORES");
        let answer = self.within_answer_timeout(pipeline.query_async(&mut self.connection.clone())).await?;
        let (comments, first): (u64, Vec<(String, f64)>) = answer;
        // Scores are microseconds, whole numbers that a double holds exactly.
        let oldest = first.first().map(|(_, at)| from_micros(*at as i64)).transpose()?;
        Ok(QueueSummary { comments, oldest })
    }
}
