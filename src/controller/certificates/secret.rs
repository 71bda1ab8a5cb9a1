//! The Secret in which all replicas share the certificates: read, made and replaced. Whoever writes names the version
//! that it has read, so that of several who write at once one succeeds and the others read again.

use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ObjectMeta, PostParams};

use super::contents::{Contents, Damage};
use super::plan::Stored;
use crate::controller::{FIELD_MANAGER, Settings};

/// Where the Secret is.
pub struct Store {
    api: Api<Secret>,
    name: String,
    service: String,
}

/// The Secret as it was read, `None` if there is none. It has no `Debug`: it holds keys.
pub struct Version(Option<Secret>);

/// Whether something was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was.
    Done,
    /// Somebody else was first: read again.
    TooLate,
}

impl Store {
    /// The Secret `<service>-certificates` in our namespace.
    pub fn new(client: kube::Client, settings: &Settings) -> Self {
        let Settings { namespace, service, .. } = settings;
        let name = format!("{service}-certificates");
        Self { api: Api::namespaced(client, namespace), name, service: service.clone() }
    }

    /// What is there.
    ///
    /// # Errors
    /// When it is not known.
    pub async fn read(&self) -> Result<(Stored, Version), kube::Error> {
        let secret = self.api.get_opt(&self.name).await?;
        let stored = match &secret {
            None => Stored::Missing,
            Some(secret) => match &secret.data {
                None => Stored::Damaged(Damage::Empty),
                Some(data) => Contents::read(data).map_or_else(Stored::Damaged, Stored::Contents),
            },
        };
        Ok((stored, Version(secret)))
    }

    /// Writes the contents if nobody has written since this version was read.
    ///
    /// # Errors
    /// When it is not known to be written.
    pub async fn write(&self, contents: &Contents, version: Version) -> Result<Written, kube::Error> {
        let parameters = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let result = match version.0 {
            None => self.api.create(&parameters, &self.made(contents)).await,
            Some(before) => {
                // Labels of others stay, and so does the type, which cannot be changed.
                let secret = Secret { data: Some(contents.write()), ..before };
                self.api.replace(&self.name, &parameters, &secret).await
            }
        };
        match result {
            Ok(_) => Ok(Written::Done),
            // Conflict and AlreadyExists; and it may have been deleted since.
            Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(Written::TooLate),
            Err(error) => Err(error),
        }
    }

    fn made(&self, contents: &Contents) -> Secret {
        let labels =
            [("app.kubernetes.io/name", self.service.as_str()), ("app.kubernetes.io/managed-by", FIELD_MANAGER)];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let metadata =
            ObjectMeta { name: Some(self.name.clone()), labels: Some(labels.into()), ..ObjectMeta::default() };
        Secret { metadata, data: Some(contents.write()), ..Secret::default() }
    }
}
