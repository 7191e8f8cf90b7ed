//! Where stages say that they are up and go on, and what they found, as they would to a service manager.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::Pid;

use crate::io::manager::{ALIVE, LEARNABLE, READY};

/// What a stage says.
pub(super) enum Word {
    /// This process is up.
    Up(Pid),
    /// This process goes on.
    Alive(Pid),
    /// This key has runs to learn from.
    Learnable(String),
}

/// A socket for the stages; the kernel says which of them speaks.
pub(super) struct Readiness {
    path: PathBuf,
    socket: UnixDatagram,
}

impl Readiness {
    pub(super) fn listen(path: PathBuf) -> std::io::Result<Self> {
        let socket = UnixDatagram::bind(&path)?;
        set_socket_passcred(&socket, true)?;
        Ok(Self { path, socket })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What was said next.
    pub(super) fn take(&self) -> Option<Word> {
        loop {
            let mut text = [0; 256];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
            let mut about = RecvAncillaryBuffer::new(&mut space);
            let parts = &mut [IoSliceMut::new(&mut text)];
            let length = recvmsg(&self.socket, parts, &mut about, RecvFlags::DONTWAIT).ok()?.bytes;
            let sender = about.drain().find_map(|message| match message {
                RecvAncillaryMessage::ScmCredentials(credentials) => Some(credentials.pid),
                _ => None,
            });
            let text = String::from_utf8_lossy(&text[..length]);
            if let Some(key) = text.lines().find_map(|line| line.strip_prefix(LEARNABLE)) {
                return Some(Word::Learnable(key.to_owned()));
            }
            let Some(pid) = sender else { continue };
            match text.lines().find(|line| [READY, ALIVE].contains(line)) {
                Some(READY) => return Some(Word::Up(pid)),
                Some(_) => return Some(Word::Alive(pid)),
                None => {}
            }
        }
    }
}

impl AsFd for Readiness {
    /// Readable when a stage has spoken.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
