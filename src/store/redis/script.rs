//! Lua scripts for atomic steps. They are called by hash, and loaded if the server does not know them.

use std::str::FromStr;
use std::sync::Arc;

use ::redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind};

use super::connection::Connection;
use crate::error::Error;

/// A Lua script with its hash.
pub(super) struct Script {
    code: String,
    hash: String,
}

impl Script {
    /// Creates a script from its code.
    fn new(code: &str) -> Self {
        Self { code: code.to_owned(), hash: ::redis::Script::new(code).get_hash().to_owned() }
    }
}

/// All scripts.
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
    /// Assembles the scripts from their files.
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

/// Creates a call of a script with its keys. The caller adds the arguments. Unlike the client library's builder, it copies
/// each of them only once.
pub(super) fn call(script: &Script, keys: &[String]) -> Cmd {
    let mut call = ::redis::cmd("EVALSHA");
    call.arg(&script.hash).arg(keys.len()).arg(keys);
    call
}

/// Runs a script call, and loads the script first if the server does not know it.
///
/// # Errors
/// Returns an error if the call fails.
pub(super) async fn run(connection: &Connection, script: &Script, call: &Cmd) -> Result<Reply, Error> {
    let mut connection = connection.clone();
    let answer: RedisResult<Vec<Vec<u8>>> = call.query_async(&mut connection).await;
    let answer = match answer {
        // The server is new, was restarted, or took over from another. In a cluster, only the called server needs the script.
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
    let status = rest.next().map(String::from_utf8).and_then(Result::ok).unwrap_or_default();
    Ok(Reply { status, rest })
}

/// Returns the first key of a call, which determines the server in a cluster.
fn first_key(call: &Cmd) -> String {
    let key = call.args_iter().nth(3).map(|arg| match arg {
        ::redis::Arg::Simple(key) => String::from_utf8_lossy(key).into_owned(),
        _ => String::new(),
    });
    key.unwrap_or_default()
}

/// The reply of a script: a status word followed by values.
pub(super) struct Reply {
    status: String,
    rest: std::vec::IntoIter<Vec<u8>>,
}

impl Reply {
    /// Returns the status word.
    pub fn word(&self) -> &str {
        &self.status
    }

    /// Returns the next value as bytes.
    pub fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        self.rest.next().ok_or_else(|| self.unexpected())
    }

    /// Returns the next value as text.
    pub fn text(&mut self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?).map_err(|_| self.unexpected())
    }

    /// Returns the next value as a number.
    pub fn number<T: FromStr>(&mut self) -> Result<T, Error> {
        self.text()?.parse().map_err(|_| self.unexpected())
    }

    /// Returns the error for a reply that no script sends.
    pub fn unexpected(&self) -> Error {
        Error::store(format!("unexpected answer {:?} from redis", self.status))
    }
}
