//! The real kubectl, as a user of the test cluster would run it.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// kubectl with administrator rights on the test cluster.
#[derive(Debug)]
pub(crate) struct Kubectl {
    pub(crate) program: PathBuf,
    pub(crate) kubeconfig: PathBuf,
    /// Where kubectl keeps what it learnt about the API.
    pub(crate) cache: PathBuf,
}

/// What kubectl said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) succeeded: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Kubectl {
    /// Runs kubectl with these arguments and this standard input. That kubectl fails is no error here.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Result<Said> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("start kubectl")?;
        // kubectl reads all of its input before it writes; one that fails before that closes the pipe, and tells why.
        let _ = child.stdin.take().context("kubectl has no input")?.write_all(input.as_bytes());
        let output = child.wait_with_output()?;
        Ok(Said {
            succeeded: output.status.success(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Runs kubectl in the directory of the package, and returns all that it wrote, as a terminal would show it.
    pub(crate) fn transcript(&self, arguments: &[&str]) -> Result<String> {
        let (mut reader, writer) = io::pipe()?;
        let mut command = self.command(arguments);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
        let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn().context("start kubectl")?;
        // It holds the pipe open as well.
        drop(command);
        let mut text = String::new();
        reader.read_to_string(&mut text)?;
        child.wait()?;
        Ok(text)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // Neither the aliases nor the proxies of whoever runs the tests.
        command.env("KUBERC", "off").env("NO_PROXY", "*");
        command.arg("--kubeconfig").arg(&self.kubeconfig).arg("--cache-dir").arg(&self.cache).args(arguments);
        command
    }

    /// Runs kubectl, which has to succeed; warnings are allowed.
    pub(crate) fn succeed(&self, arguments: &[&str], input: &str) -> Result<Said> {
        let said = self.run(arguments, input)?;
        if !said.succeeded {
            bail!("kubectl {} failed:\n{}", arguments.join(" "), said.stderr);
        }
        Ok(said)
    }

    /// An object as it is stored.
    pub(crate) fn get(&self, namespace: &str, kind: &str, name: &str) -> Result<Value> {
        let said = self.succeed(&["get", "--namespace", namespace, kind, name, "--output", "json"], "")?;
        serde_json::from_str(&said.stdout).context("read kubectl's JSON")
    }

    /// The objects of a kind that have this label, as they are stored.
    pub(crate) fn list(&self, namespace: &str, kind: &str, selector: &str) -> Result<Vec<Value>> {
        let arguments = ["get", "--namespace", namespace, kind, "--selector", selector, "--output", "json"];
        let mut list: Value = serde_json::from_str(&self.succeed(&arguments, "")?.stdout)?;
        match list.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => bail!("kubectl get {kind} did not answer with a list"),
        }
    }
}

impl Said {
    /// The warnings, as the API server sent them.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(|line| line.strip_prefix("Warning: ")).collect()
    }
}
