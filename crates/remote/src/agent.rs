//! An SSH agent with one key, for one connection (`draft-ietf-sshm-ssh-agent`).
//!
//! It signs by a private key that stays here; or it has only the public half, and tells by being asked that the
//! host would let in by it: a server asks for a signature only when it knows the key.

use muster_vault::ssh::wire::{Reader, put_string};
use muster_vault::ssh::{PrivateKey, PublicKey};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// Largest message, in bytes, as OpenSSH's own agent has it.
const MAX_MESSAGE: usize = 256 * 1024;

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// The agent, listening.
pub(crate) struct Agent<'a> {
    listener: UnixListener,
    key: PublicKey,
    signer: Option<&'a PrivateKey>,
    asked: AtomicBool,
}

impl<'a> Agent<'a> {
    /// An agent on a socket called `name` in `folder`, which nobody else may enter.
    pub(crate) fn listen(
        folder: &Path,
        name: &str,
        key: PublicKey,
        signer: Option<&'a PrivateKey>,
    ) -> io::Result<Self> {
        // The path of a socket has at most 107 bytes, that of a data folder has not.
        let folder = File::open(folder)?;
        let path = format!("/proc/self/fd/{}/{name}", folder.as_raw_fd());
        let listener = UnixListener::bind(path)?;
        Ok(Self { listener, key, signer, asked: AtomicBool::new(false) })
    }

    /// Whether a signature was asked for.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Answers one client after the other, for ever.
    pub(crate) async fn serve(&self) {
        loop {
            match self.listener.accept().await {
                // A client that goes away or talks nonsense is no concern of the next one.
                Ok((stream, _)) => drop(self.talk(stream).await),
                Err(_) => std::future::pending::<()>().await,
            }
        }
    }

    async fn talk(&self, mut stream: UnixStream) -> io::Result<()> {
        loop {
            let length = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX);
            if length > MAX_MESSAGE {
                return Ok(());
            }
            let mut message = vec![0; length];
            stream.read_exact(&mut message).await?;
            let mut framed = Vec::with_capacity(2048);
            put_string(&mut framed, &self.answer(&message));
            stream.write_all(&framed).await?;
        }
    }

    fn answer(&self, message: &[u8]) -> Vec<u8> {
        let mut reader = Reader::new(message);
        match reader.byte() {
            Some(REQUEST_IDENTITIES) => {
                let mut answer = vec![IDENTITIES_ANSWER];
                answer.extend_from_slice(&1_u32.to_be_bytes());
                put_string(&mut answer, self.key.blob());
                put_string(&mut answer, b"muster");
                answer
            }
            Some(SIGN_REQUEST) => self.sign(&mut reader).unwrap_or_else(|| vec![FAILURE]),
            _ => vec![FAILURE],
        }
    }

    fn sign(&self, reader: &mut Reader<'_>) -> Option<Vec<u8>> {
        let (key, data) = (reader.string()?, reader.string()?);
        let flags = reader.u32()?;
        if key != self.key.blob() {
            return None;
        }
        self.asked.store(true, Ordering::SeqCst);
        let signature = self.signer?.sign(data, flags).ok()?;
        let mut answer = vec![SIGN_RESPONSE];
        put_string(&mut answer, &signature);
        Some(answer)
    }
}
