//! A file beside the place of the settings file that may be meant by it.

use std::path::Path;

use credential_core::World;
use credential_core::text::nearest;

/// The most files of a folder that are looked at.
const MAX_FILES: usize = 256;

/// Its name: the same in another case, with another end, or near in spelling.
pub(super) async fn find(file: &Path, world: &World) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let listed = world.list(folder, MAX_FILES).await.ok()?;
    let names: Vec<&str> = listed.iter().filter_map(|(path, _)| path.file_name()?.to_str()).collect();
    let is_longer = |other: &&str| other.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let stem = file.file_stem()?.to_str()?;
    // The files of environments go over it, and are never meant by it.
    let is_overlay = |other: &str| {
        let rest = other.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| rest.matches('.').count() == 1 && !is_longer(&other))
    };
    let others = || names.iter().copied().filter(|other| *other != name && !is_overlay(other));
    let found = others().find(|other| is_longer(other)).or_else(|| nearest(name, others()));
    found.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use credential_core::testing::FakeWorld;

    use super::*;

    #[tokio::test]
    async fn the_file_that_may_be_meant_is_named() {
        for (there, found) in [
            ("AppSettings.json", true),
            ("appsettings.json.txt", true),
            ("appsetting.json", true),
            ("appsettings.jsonc", true),
            ("appsettings.Development.json", false),
            ("appsettings.Dev.json", false),
            ("Cargo.toml", false),
        ] {
            let fake = FakeWorld::new();
            fake.files.write(format!("conf/{there}"), "{}");
            let near = find(Path::new("conf/appsettings.json"), &fake.world()).await;
            assert_eq!(near.as_deref(), Some(there).filter(|_| found), "{there}");
        }
    }
}
