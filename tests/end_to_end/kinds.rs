//! Every kind that we have to do with, as users write it: created, updated and tried out with the real kubectl.

pub(crate) mod injected;
pub(crate) mod judged;
mod samples;
