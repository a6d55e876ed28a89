//! The files that clients are given: whom to trust, and what a platform would put into a pod.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use credential_core::world::{Random, SystemRandom};

use super::super::args::EmulatorArgs;
use super::federated::Federated;
use crate::emulator::Emulator;

const CA: &str = "ca.pem";
const TOKEN: &str = "federated-token";

/// A folder with them; a temporary one goes when the program ends.
pub(super) struct Files {
    folder: Option<PathBuf>,
    is_temporary: bool,
    pub(super) ca: Option<PathBuf>,
    pub(super) tokens: Vec<PathBuf>,
}

impl Files {
    /// Writes what there is to write; no folder for nothing.
    pub(super) fn make(args: &EmulatorArgs, emulator: &Emulator, federated: &[Federated]) -> io::Result<Self> {
        let mut files = Self { folder: None, is_temporary: args.files.is_none(), ca: None, tokens: Vec::new() };
        if emulator.ca_certificate().is_none() && federated.is_empty() {
            return Ok(files);
        }
        let folder = match &args.files {
            Some(folder) => {
                fs::create_dir_all(folder)?;
                folder.clone()
            }
            None => {
                let name = format!("token-client-emulator-{}-{}", emulator.port(), SystemRandom.uuid());
                let folder = std::env::temp_dir().join(name);
                private_folder(&folder)?;
                folder
            }
        };
        // Lines to paste are pasted elsewhere.
        let folder = std::path::absolute(folder)?;
        files.folder = Some(folder.clone());
        if let Some(ca) = emulator.ca_certificate() {
            fs::write(folder.join(CA), ca)?;
            files.ca = Some(folder.join(CA));
        }
        let name = |nth| if nth == 0 { TOKEN.to_owned() } else { format!("{TOKEN}-{nth}") };
        files.tokens = (0..federated.len()).map(|nth| folder.join(name(nth))).collect();
        files.write_tokens(emulator, federated)?;
        Ok(files)
    }

    /// Writes a token of each federated credential, in place of the one before: a reader finds either whole.
    pub(super) fn write_tokens(&self, emulator: &Emulator, federated: &[Federated]) -> io::Result<()> {
        for (path, one) in self.tokens.iter().zip(federated) {
            let token = emulator.mint_federated(&one.issuer, &one.subject, one.audience());
            let token = token.map_err(io::Error::other)?;
            let next = path.with_extension("next");
            let _ = fs::remove_file(&next);
            private_file(&next)?.write_all(token.as_bytes())?;
            fs::rename(&next, path)?;
        }
        Ok(())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if let (Some(folder), true) = (&self.folder, self.is_temporary) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// A new folder that nobody else can look into.
fn private_folder(folder: &Path) -> io::Result<()> {
    let builder = fs::DirBuilder::new();
    #[cfg(unix)]
    let builder = {
        let mut builder = builder;
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
    };
    builder.create(folder)
}

fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
