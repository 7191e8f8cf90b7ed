use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{Id, JoinSet};

use super::connection::Connection;
use super::parcel::Parcel;
use super::response::{self, Answer};
use super::setup;
use crate::stop::Stop;

/// Requests that are under way. Their documents stay here, so that none is lost with its request.
#[derive(Default)]
pub(super) struct Flights {
    tasks: JoinSet<(Arc<Connection>, Answer)>,
    parcels: HashMap<Id, Parcel>,
}

/// An answer, or what stands for one.
pub(super) struct Landed {
    /// What was sent; absent where it was the templates.
    pub(super) parcel: Option<Parcel>,
    pub(super) by: Arc<Connection>,
    pub(super) answer: Answer,
}

impl Flights {
    /// Sends the documents of a parcel, whose `_bulk` body this is.
    pub(super) fn send(&mut self, parcel: Parcel, body: Vec<u8>, by: Arc<Connection>, mut stop: Stop) {
        let count = parcel.documents.len();
        let task = self.tasks.spawn(async move {
            let answer = tokio::select! {
                answer = by.bulk(body) => match answer {
                    Ok((status, body)) => response::read(status, &body, count),
                    Err(failure) => failure.into(),
                },
                () = stop.expired() => Answer::Busy("the end came before its answer".into()),
            };
            (by, answer)
        });
        self.parcels.insert(task.id(), parcel);
    }

    /// Sends the templates.
    pub(super) fn send_templates(&mut self, by: Arc<Connection>, mut stop: Stop) {
        self.tasks.spawn(async move {
            let answer = tokio::select! {
                answer = setup::install(&by) => answer,
                () = stop.expired() => Answer::Busy("the end came before its answer".into()),
            };
            (by, answer)
        });
    }

    /// Whether one of them carries what was wanted later: one is enough to find out.
    pub(super) fn carry_again(&self) -> bool {
        self.parcels.values().any(|parcel| parcel.again)
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Waits for the next answer; `None` where nothing is under way. Nothing is lost where the waiting is given up.
    pub(super) async fn land(&mut self) -> Option<Landed> {
        let (id, (by, answer)) =
            self.tasks.join_next_with_id().await?.expect("a request neither panics nor is aborted");
        Some(Landed { parcel: self.parcels.remove(&id), by, answer })
    }

    /// Gives up on all of them; what they carried.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = Parcel> {
        self.tasks.abort_all();
        self.parcels.drain().map(|(_, parcel)| parcel)
    }
}
