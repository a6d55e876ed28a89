//! Lists the public items of crates from the JSON of rustdoc, and compares the lists with those that were agreed.
//!
//! `public-api-listing check|write FOLDER FILE.json...`: each crate's list is `FOLDER/CRATE.txt`. Derived and
//! automatic implementations are left out.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [command, folder, files @ ..] if !files.is_empty() => run(command, Path::new(folder), files),
        _ => Err("usage: public-api-listing check|write FOLDER FILE.json...".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every list is as agreed.
#[expect(clippy::disallowed_methods, reason = "a tool of its own, whose files stand in this repository")]
fn run(command: &str, folder: &Path, files: &[String]) -> Result<bool, Box<dyn Error>> {
    let mut same = true;
    for file in files {
        let name = Path::new(file).file_stem().ok_or("a file without a name")?.to_string_lossy().into_owned();
        let (list, agreed) = (listing(file)?, folder.join(format!("{name}.txt")));
        match command {
            "write" => fs::write(&agreed, list)?,
            "check" => same &= compare(&name, &fs::read_to_string(&agreed)?, &list)?,
            other => return Err(format!("{other}: write check or write").into()),
        }
    }
    Ok(same)
}

/// The items of a crate, one a line.
fn listing(file: &str) -> Result<String, Box<dyn Error>> {
    let builder = public_api::Builder::from_rustdoc_json(file);
    let builder = builder.omit_blanket_impls(true).omit_auto_trait_impls(true).omit_auto_derived_impls(true);
    let items = builder.build()?;
    Ok(items.items().map(|item| format!("{item}\n")).collect())
}

/// Says what is gone and what is new.
fn compare(name: &str, agreed: &str, now: &str) -> io::Result<bool> {
    let (agreed, now): (BTreeSet<&str>, BTreeSet<&str>) = (agreed.lines().collect(), now.lines().collect());
    let mut out = io::stdout();
    for gone in agreed.difference(&now) {
        writeln!(out, "{name}: - {gone}")?;
    }
    for new in now.difference(&agreed) {
        writeln!(out, "{name}: + {new}")?;
    }
    Ok(agreed == now)
}
