//! The two programs under load. Both have the same certificate and end when they are dropped, also by a panic.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use scrapeguard::model::guard::Guards;
use scrapeguard::webhook::answer;
use scrapeguard::webhook::certificate::self_made::SelfMade;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::client::{Request, SERVER_NAME, Target};
use crate::machine::Process;
use crate::reviews::{self, RecordedReview};

/// The serving certificate in the directory that both servers are given.
pub(crate) const CERTIFICATE_FILE: &str = "tls.crt";
/// Its key.
pub(crate) const KEY_FILE: &str = "tls.key";

/// How long a server may take to start, and to give a first answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Both servers.
pub(crate) struct Servers {
    /// Answers a constant.
    pub(crate) floor: Server,
    /// The real one.
    pub(crate) scrapeguard: Server,
    _directory: TempDir,
}

/// A running server.
pub(crate) struct Server {
    /// Where it is.
    pub(crate) target: Target,
    /// What it costs.
    pub(crate) process: Process,
    _child: Child,
    _output: Lines<BufReader<ChildStdout>>,
}

impl Servers {
    /// Starts both, and sees that they answer as they should.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let made = SelfMade::make(&[SERVER_NAME.to_owned()], 1, Timestamp::now())?;
        let (certificate, key) = (directory.path().join(CERTIFICATE_FILE), directory.path().join(KEY_FILE));
        fs::write(&certificate, &made.certificate)?;
        fs::write(&key, &made.key)?;

        let mut floor = Command::new(std::env::current_exe()?);
        floor.arg("--floor").arg(directory.path());
        let mut scrapeguard = Command::new(env!("CARGO_BIN_EXE_scrapeguard"));
        scrapeguard.args(["serve", "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0"]);
        scrapeguard.arg("--tls-cert").arg(&certificate).arg("--tls-key").arg(&key);

        let servers = Self {
            floor: Server::start(floor, &directory.path().join("floor.log"), &made.ca).await?,
            scrapeguard: Server::start(scrapeguard, &directory.path().join("scrapeguard.log"), &made.ca).await?,
            _directory: directory,
        };
        servers.verify().await?;
        Ok(servers)
    }

    /// Both are measured for the right thing only if the one decides and the other does not.
    async fn verify(&self) -> anyhow::Result<()> {
        let constant = expected(&reviews::PROMETHEUS_POD)?;
        for review in &reviews::ALL {
            ensure!(self.floor.answer(review).await? == constant, "the floor does not answer its constant");
            let answer = self.scrapeguard.answer(review).await?;
            ensure!(answer == expected(review)?, "unexpected answer to {review}: {}", answer.escape_ascii());
        }
        Ok(())
    }
}

fn expected(review: &RecordedReview) -> anyhow::Result<Vec<u8>> {
    let answer = answer(review.body.as_bytes(), review.endpoint(), &Guards::built_in(), Timestamp::now())?;
    ensure!(answer.verdict == review.verdict, "the verdict on {review} is {:?}", answer.verdict);
    Ok(answer.body)
}

impl Server {
    /// Starts a program, and waits for the line in which it says where it listens.
    async fn start(mut command: Command, log: &Path, authority: &str) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a server")?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?).lines();
        let address = match timeout(PATIENCE, address(&mut output)).await {
            Ok(Ok(address)) => address,
            Ok(Err(error)) => bail!("a server did not start: {error:#}\n{}", fs::read_to_string(log)?),
            Err(_) => bail!("a server did not start in time\n{}", fs::read_to_string(log)?),
        };
        let process = Process::new(child.id().context("a server has ended")?);
        Ok(Self { target: Target::new(address.parse()?, authority)?, process, _child: child, _output: output })
    }

    async fn answer(&self, review: &RecordedReview) -> anyhow::Result<Vec<u8>> {
        let mut connection = self.target.connect().await?;
        let request = Request::new(review.step, review.body);
        Ok(timeout(PATIENCE, connection.exchange(&request)).await??.to_vec())
    }
}

async fn address(output: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<String> {
    while let Some(line) = output.next_line().await? {
        if let Some((_, rest)) = line.split_once("https://") {
            return Ok(rest.split('/').next().unwrap_or_default().to_owned());
        }
    }
    bail!("it ended without saying where it listens")
}
