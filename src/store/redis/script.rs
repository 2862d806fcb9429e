//! The atomic steps: Lua scripts, called by hash and loaded when the server does not know them.

use std::str::FromStr;
use std::sync::Arc;

use ::redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind};

use super::connection::Connection;
use crate::error::Error;

/// A script: what it says, and the hash that the server knows it by.
pub(super) struct Script {
    code: String,
    hash: String,
}

impl Script {
    fn new(code: &str) -> Self {
        Self { code: code.to_owned(), hash: ::redis::Script::new(code).get_hash().to_owned() }
    }
}

/// The scripts.
pub(super) struct Scripts {
    pub admit: Script,
    pub record: Script,
    pub replace: Script,
    pub erase: Script,
    pub rewrite: Script,
    pub swap: Script,
    pub claim: Script,
    pub seal: Script,
    pub cut: Script,
    pub outcome: Script,
    pub amend: Script,
    pub comment: Script,
    pub upkeep: Arc<Script>,
}

impl Scripts {
    pub fn new() -> Self {
        Self {
            admit: Script::new(concat!(include_str!("keep.lua"), include_str!("admit.lua"))),
            record: Script::new(concat!(include_str!("keep.lua"), include_str!("change.lua"), include_str!("record.lua"))),
            replace: Script::new(concat!(
                include_str!("keep.lua"),
                include_str!("change.lua"),
                include_str!("teach.lua"),
                include_str!("replace.lua")
            )),
            outcome: Script::new(concat!(include_str!("teach.lua"), include_str!("outcome.lua"))),
            erase: Script::new(concat!(include_str!("keep.lua"), include_str!("erase.lua"))),
            amend: Script::new(include_str!("amend.lua")),
            comment: Script::new(include_str!("comment.lua")),
            rewrite: Script::new(include_str!("rewrite.lua")),
            swap: Script::new(include_str!("swap.lua")),
            claim: Script::new(include_str!("claim.lua")),
            seal: Script::new(include_str!("seal.lua")),
            cut: Script::new(include_str!("cut.lua")),
            upkeep: Arc::new(Script::new(include_str!("upkeep.lua"))),
        }
    }
}

/// A call with its keys; the arguments are still to be added. Unlike the crate's own builder it copies each only once.
pub(super) fn call(script: &Script, keys: &[String]) -> Cmd {
    let mut call = ::redis::cmd("EVALSHA");
    call.arg(&script.hash).arg(keys.len()).arg(keys);
    call
}

/// Calls a script.
pub(super) async fn run(connection: &Connection, script: &Script, call: &Cmd) -> Result<Reply, Error> {
    let mut connection = connection.clone();
    let answer: RedisResult<Vec<Vec<u8>>> = call.query_async(&mut connection).await;
    let answer = match answer {
        // The server is new, was restarted, or took over from another. In a cluster only the one that was asked matters.
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
            connection.bump_generation();
            let mut load = ::redis::Pipeline::with_capacity(1);
            load.cmd("SCRIPT").arg("LOAD").arg(&script.code);
            connection.send_to_slot(&first_key(call), load).await?;
            call.query_async(&mut connection).await?
        }
        answer => answer?,
    };
    let mut rest = answer.into_iter();
    let word = rest.next().map(String::from_utf8).and_then(Result::ok).unwrap_or_default();
    Ok(Reply { status: word, rest })
}

/// The first key of a call: what tells where it goes.
fn first_key(call: &Cmd) -> String {
    let key = call.args_iter().nth(3).map(|arg| match arg {
        ::redis::Arg::Simple(key) => String::from_utf8_lossy(key).into_owned(),
        _ => String::new(),
    });
    key.unwrap_or_default()
}

/// What all our scripts answer: a word, and what belongs to it in order.
pub(super) struct Reply {
    status: String,
    rest: std::vec::IntoIter<Vec<u8>>,
}

impl Reply {
    /// The word.
    pub fn word(&self) -> &str {
        &self.status
    }

    /// The next part as it is.
    pub fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        self.rest.next().ok_or_else(|| self.unexpected())
    }

    /// The next part as text.
    pub fn text(&mut self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?).map_err(|_| self.unexpected())
    }

    /// The next part as a number.
    pub fn number<T: FromStr>(&mut self) -> Result<T, Error> {
        self.text()?.parse().map_err(|_| self.unexpected())
    }

    /// The error of an answer that none of our scripts gives.
    pub fn unexpected(&self) -> Error {
        Error::store(format!("redis answered {:?} where it should not", self.status))
    }
}
