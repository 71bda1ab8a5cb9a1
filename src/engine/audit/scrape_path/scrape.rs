//! A scrape as the evaluator is asked about it, and all that the answer depends on.

use super::ScrapePath;
use super::address::{Address, Called};
use crate::engine::reach::authorization_policy::HttpRequest;
use crate::engine::reach::mesh::ClientTls;
use crate::engine::reach::{Connection, End, Evaluator, Manner, Path, Step, Verdict};
use crate::model::Protocol;
use crate::model::snapshot::{ClassId, Pod, Snapshot, Zone};

/// Who calls whom, and how. One address may stand for several pods.
#[derive(Debug)]
pub(super) struct Scrape<'s> {
    pub(super) from: &'s Pod,
    pub(super) to: Vec<(End<'s>, u16)>,
    pub(super) manner: Manner,
}

/// All that the way to a target depends on.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Question {
    from: Kind,
    to: Vec<(Kind, u16)>,
    tls: ClientTls,
    path: Option<String>,
}

/// Ends of connections that nothing tells apart.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Kind {
    Pod(Option<ClassId>),
    /// The pod that calls, which always reaches itself.
    Itself,
    Address(Zone),
    World,
}

impl<'s> Scrape<'s> {
    /// A scrape of this URL.
    pub(super) fn new(from: &'s Pod, to: Vec<(End<'s>, u16)>, tls: ClientTls, url: &str) -> Self {
        let path = Some(http_path(url).to_owned());
        let request = HttpRequest { method: Some("GET".to_owned()), path, host: None };
        Self { from, to, manner: Manner { tls, request: Some(request) } }
    }

    /// That of a path; `None` where it ends before anybody is called.
    pub(super) fn of(path: &ScrapePath<'s>, snapshot: &'s Snapshot) -> Option<Self> {
        let (from, target) = (path.from?, path.target.as_ref()?);
        match Address::of(target).called(target.pod, &from.namespace, snapshot) {
            Called::Ends(to) => Some(Self::new(from, to, path.tls, &target.scrape_url)),
            Called::NoPort(_) | Called::Unknown(_) => None,
        }
    }

    /// Scrapes with the same question have the same answer.
    pub(super) fn question(&self, snapshot: &Snapshot) -> Question {
        let kind = |end: End<'s>| match end {
            End::Pod(pod) if pod.object == self.from.object => Kind::Itself,
            End::Pod(pod) => Kind::Pod(snapshot.class_of(pod)),
            End::Address(address) => Kind::Address(snapshot.zone_of(address)),
            End::World => Kind::World,
        };
        Question {
            from: Kind::Pod(snapshot.class_of(self.from)),
            to: self.to.iter().map(|(end, port)| (kind(*end), *port)).collect(),
            tls: self.manner.tls,
            path: self.manner.request.as_ref().and_then(|request| request.path.clone()),
        }
    }

    /// The way to whoever is called; to the worst of several.
    pub(super) fn worst(&self, evaluator: &Evaluator<'s>) -> Option<(Path, Connection<'s>)> {
        let follow = |connection| (evaluator.follow_wanted(&connection, &self.manner), connection);
        let ways: Vec<(Path, Connection<'s>)> = self.connections().map(follow).collect();
        let worst = ways.iter().map(|(path, _)| path.verdict()).max();
        ways.into_iter().find(|(path, _)| Some(path.verdict()) == worst)
    }

    /// The verdict of the worst way, without its reason.
    pub(super) fn verdict(&self, evaluator: &Evaluator<'s>) -> Verdict {
        let verdicts = self.connections().map(|connection| evaluator.verdict(&connection, &self.manner));
        verdicts.max().unwrap_or(Verdict::Open)
    }

    /// The hop that decides of the worst way. Where there is only one, nobody asks which that is.
    pub(super) fn decisive(&self, evaluator: &Evaluator<'s>) -> Option<Step> {
        let verdict = |connection: &Connection<'_>| match self.to.as_slice() {
            [_] => Verdict::Open,
            _ => evaluator.verdict(connection, &self.manner),
        };
        let worst = self.connections().rev().max_by_key(verdict)?;
        Some(evaluator.decisive_wanted(&worst, &self.manner))
    }

    fn connections(&self) -> impl DoubleEndedIterator<Item = Connection<'s>> {
        let from = End::Pod(self.from);
        self.to.iter().map(move |(to, port)| Connection { from, to: *to, port: *port, protocol: Protocol::Tcp })
    }
}

/// The path of a URL, without parameters.
fn http_path(url: &str) -> &str {
    let behind = url.split_once("//").map_or(url, |(_, rest)| rest);
    let path = behind.find('/').and_then(|start| behind.get(start..)).unwrap_or("/");
    path.split_once('?').map_or(path, |(path, _)| path)
}
