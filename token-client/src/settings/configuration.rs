//! Everything that the settings say, and everything that is wrong with them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use credential_core::credential::SecretBytes;
use credential_core::source::Origin;
use credential_core::text::nearest;
use credential_core::{Finding, Secret, Severity, World};

use super::application::{self, ApplicationOptions};
use super::bind::Section;
use super::codes::{self, placed};
use super::decode::decode;
use super::downstream::{self, DownstreamOptions};
use super::explained;
use super::in_code::InCode;
use super::json;
use super::key::{self, SEPARATOR};
use super::location::{Location, environment_file};
use super::managed_identity;
use super::misplaced;
use super::near_file;
use super::no_section;
use super::remains;
use super::tree::{Layer, MAX_DEPTH, Refused, Tree};
use super::variables::{self, HOST_PREFIXES};

/// A settings file is refused above this many bytes.
pub const MAX_FILE_SIZE: u64 = 1024 * 1024;

/// The layers, lowest first; a prefix of variables each for the first two.
const FILE: u32 = 2;
const ENVIRONMENT_FILE: u32 = 3;
const VARIABLES: u32 = 4;
pub(super) const CODE: u32 = 5;
const ARGUMENTS: u32 = 6;
const FILES: u32 = 1 << FILE | 1 << ENVIRONMENT_FILE;

/// What the settings say about one application and its downstream APIs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Configuration {
    /// The settings file: relative paths in the settings start at its folder.
    pub file: PathBuf,
    /// The name of the environment.
    pub environment: String,
    /// All settings, merged.
    pub tree: Arc<Tree>,
    /// The path of the application's section, as it was asked for.
    pub section: String,
    /// The application.
    pub application: ApplicationOptions,
    /// The downstream APIs, by name.
    pub downstream: Vec<DownstreamOptions>,
    /// Everything that was found; see [`codes`](super::codes).
    pub findings: Vec<Finding>,
    /// What was found in the files and variables themselves, whatever the section is.
    of_files: Vec<Finding>,
    /// What was found in the application's section.
    of_section: Vec<Finding>,
    /// Where the settings file would be, if it is missing.
    missing: Option<PathBuf>,
    /// The name of a file beside it that may be meant.
    near_file: Option<String>,
    /// The names of variables that nobody can read.
    not_unicode: Vec<String>,
    /// Whether the program said that it needs no application.
    without_application: bool,
}

/// What the files say, before the variables go over it.
#[derive(Default)]
struct Files {
    layers: Vec<Layer>,
    missing: Option<PathBuf>,
    near_file: Option<String>,
    not_unicode: Vec<String>,
    said: Vec<Finding>,
}

impl Configuration {
    /// Reads the settings. Whatever is wrong with the files or in them is among
    /// [`findings`](Self::findings), all at once.
    pub async fn read(location: &Location, world: &World) -> Self {
        Self::read_with(location, &InCode::default(), world).await
    }

    /// As [`read`](Self::read), with what the program sets over files and variables.
    pub(crate) async fn read_with(location: &Location, code: &InCode, world: &World) -> Self {
        let environment = location.environment_name(&*world.environment);
        let mut said = Vec::new();
        let file = read_file(&location.file, FILE, world, &mut said).await;
        let missing = (file.is_none() && !code.needs_no_file()).then(|| world.files.resolve(&location.file));
        let over = match environment_file(&location.file, &environment) {
            Ok(path) => read_file(&path, ENVIRONMENT_FILE, world, &mut said).await,
            Err(finding) => {
                said.push(*finding);
                None
            }
        };
        let over_is_missing = over.is_none();
        let layers = [file, over].into_iter().flatten().flatten().collect();
        let not_unicode = world.environment.not_unicode();
        if over_is_missing {
            said.extend(unusual_environment(&environment, location));
        }
        let near_file = match &missing {
            Some(_) => near_file::find(&location.file, world).await,
            None => None,
        };
        let files = Files { layers, missing, near_file, not_unicode, said };
        Self::assemble(environment, location, files, &world.environment.vars(), code)
    }

    /// The same with what the program sets over all of it; once.
    pub(crate) fn with_code(self, code: &InCode) -> Self {
        if code.is_empty() || self.tree.root().layers & (1 << CODE) != 0 {
            return self;
        }
        let (below, mut said) = (self.tree.to_layer(), self.of_files.clone());
        let layer = code.layer(CODE, &self.section, std::slice::from_ref(&below), &mut said);
        let missing = self.missing.clone().filter(|_| !code.needs_no_file());
        let (tree, without_application) = (Arc::new(Tree::merge(vec![below, layer])), code.without_application);
        Self { tree, of_files: said, missing, without_application, ..self.clone() }.of_section(&self.section)
    }

    /// Settings in text that the program has: no file is read. `vars` goes over it, as environment
    /// variables do.
    pub fn from_json(text: &str, location: &Location, vars: &BTreeMap<String, String>) -> Self {
        let mut said = Vec::new();
        let name = location.file.display().to_string();
        let layer = if text.len() as u64 > MAX_FILE_SIZE {
            said.push(too_large(&name));
            None
        } else {
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            json::parse(text, &name, Layer::new(FILE)).map_err(|findings| said.extend(findings)).ok()
        };
        let environment = location.environment.clone().unwrap_or_else(|| "Production".to_owned());
        let files = Files { layers: layer.into_iter().collect(), said, ..Files::default() };
        Self::assemble(environment, location, files, vars, &InCode::default())
    }

    fn assemble(
        environment: String,
        location: &Location,
        files: Files,
        vars: &BTreeMap<String, String>,
        code: &InCode,
    ) -> Self {
        let mut said = files.said;
        let mut layers = Vec::new();
        for (number, prefix) in (0..).zip(HOST_PREFIXES) {
            layers.push(variables::prefixed(prefix, vars, Layer::new(number), &mut said));
        }
        layers.extend(files.layers);
        layers.push(variables::plain(vars, Layer::new(VARIABLES), &mut said));
        if !code.is_empty() {
            layers.push(code.layer(CODE, &location.section, &layers, &mut said));
        }
        layers.push(arguments(location, &mut said));
        let empty = Self {
            file: location.file.clone(),
            environment,
            tree: Arc::new(Tree::merge(layers)),
            section: String::new(),
            application: ApplicationOptions::default(),
            downstream: Vec::new(),
            findings: Vec::new(),
            of_files: said,
            of_section: Vec::new(),
            missing: files.missing,
            near_file: files.near_file,
            not_unicode: files.not_unicode,
            without_application: code.without_application,
        };
        empty.of_section(&location.section)
    }

    /// What the same files and variables say about the application of another section.
    pub fn of_section(&self, path: &str) -> Self {
        let (tree, mut own, mut others) = (&*self.tree, Vec::new(), Vec::new());
        let section = Section { node: tree.node(path), path: path.to_owned() };
        let application = application::bind(&section, &mut own);
        // A section that a broken file was to bring is not missing.
        if let Some(finding) = no_section::check(tree, path).filter(|_| !any_error(&self.of_files)) {
            // What else it lacks follows from that.
            own = vec![finding];
        }
        misplaced::credentials(tree, path, &application, &mut own);
        misplaced::variables(tree, path, &mut own);
        misplaced::misspelt_sections(tree, path, &mut own);
        misplaced::arguments(tree, path, &mut own);
        check_layers(tree, path, &mut own);
        let downstream = downstream::bind_all(tree, path, &mut others);
        downstream.iter().for_each(|api| check_layers(tree, &api.path, &mut others));
        let mut configuration = Self {
            section: path.to_owned(),
            application,
            downstream,
            findings: [&self.of_files, &own, &others].into_iter().flatten().cloned().collect(),
            of_section: own,
            ..self.clone()
        };
        configuration.say_not_unicode();
        configuration.say_missing();
        explained::retain(path, &mut configuration.of_section);
        explained::retain(path, &mut configuration.findings);
        if !configuration.needs_application() {
            let lacks = |finding: &Finding| managed_identity::may_lack(finding, path);
            configuration.of_section.retain(|finding| !lacks(finding));
            configuration.findings.retain(|finding| !lacks(finding));
        }
        configuration
    }

    /// What was found in the application's section alone.
    pub(crate) fn section_findings(&self) -> &[Finding] {
        &self.of_section
    }

    /// Variables that nobody can read.
    fn say_not_unicode(&mut self) {
        let mut sections = vec![self.section.as_str(), downstream::PARENT];
        sections.extend(self.downstream.iter().map(|api| api.path.as_str()));
        variables::not_unicode(&self.not_unicode, &sections, &mut self.findings);
    }

    /// The file is missing: an error, or a warning when the variables alone are enough.
    fn say_missing(&mut self) {
        let Some(path) = &self.missing else { return };
        let application = &self.application;
        let complete = !self.needs_application()
            || application.client_id.is_some()
                && (application.authority.is_some()
                    || application.instance.is_some()
                    || application.tenant_id.is_some());
        let message = format!("{}: settings file not found", path.display());
        let finding = if complete {
            Finding::warning(codes::SETTINGS_FILE_MISSING, message)
                .remedy("create it, or leave it: everything comes from elsewhere")
        } else {
            self.findings.retain(|finding| finding.code != codes::MISSING_SECTION);
            let remedy = match &self.near_file {
                Some(near) => format!("rename {near}, which is there, or name it by builder().file(..)"),
                None => "create it, name another one by builder().file(..), or set variables such as AzureAd__ClientId"
                    .to_owned(),
            };
            Finding::error(codes::SETTINGS_FILE_MISSING, message).remedy(remedy)
        };
        self.findings.insert(0, finding);
    }

    /// Whether tokens of the application are asked for: without credentials it has none, and where each API is called
    /// with a managed identity, or anonymously, none is needed.
    pub(crate) fn needs_application(&self) -> bool {
        let apis = || self.downstream.iter().filter(|api| !api.is_anonymous());
        let all_identities = apis().next().is_some() && apis().all(|api| api.managed_identity().is_some());
        !(self.application.credentials.is_empty() && (self.without_application || all_identities))
    }

    /// Whether nothing that was found is an error.
    pub fn ok(&self) -> bool {
        !any_error(&self.findings)
    }

    /// The downstream API of that name, whatever its case.
    pub fn downstream(&self, name: &str) -> Option<&DownstreamOptions> {
        self.downstream.iter().find(|api| key::same(&api.name, name))
    }

    /// The name of the downstream API that is nearest to `name` in spelling.
    pub fn nearest_downstream(&self, name: &str) -> Option<&str> {
        nearest(name, self.downstream.iter().map(|api| api.name.as_str()))
    }
}

/// The environments that .NET names itself.
const ENVIRONMENTS: [&str; 3] = ["Development", "Staging", "Production"];

/// An environment without a file: its name is near to one that is usual, or the caller named it.
fn unusual_environment(name: &str, location: &Location) -> Option<Finding> {
    let is_usual = ENVIRONMENTS.iter().any(|known| known.eq_ignore_ascii_case(name));
    let remedy = match nearest(name, ENVIRONMENTS).filter(|_| !is_usual) {
        Some(near) => format!("write {near:?}, if that is meant"),
        None if location.environment.is_some() && !is_usual => {
            let file = environment_file(&location.file, name).ok()?;
            format!("create {}, or correct the name", file.display())
        }
        None => return None,
    };
    let message = format!("the environment {name:?} has no settings file");
    Some(Finding::warning(codes::BAD_ENVIRONMENT_NAME, message).remedy(remedy))
}

/// A settings file as a layer: `None` when it is not there, `Some(None)` when it is and is broken.
async fn read_file(path: &Path, number: u32, world: &World, said: &mut Vec<Finding>) -> Option<Option<Layer>> {
    let name = path.display().to_string();
    match world.read(path, MAX_FILE_SIZE).await {
        Ok(bytes) => Some(parse_bytes(&bytes, &name, number, said)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            said.push(unreadable(&world.files.resolve(path), &name, &error));
            Some(None)
        }
    }
}

fn parse_bytes(bytes: &SecretBytes, name: &str, number: u32, said: &mut Vec<Finding>) -> Option<Layer> {
    let text = decode(bytes.expose());
    let layer = json::parse(&text, name, Layer::new(number)).map_err(|findings| said.extend(findings)).ok();
    let has_marks = bytes.expose().windows(REPLACED.len()).any(|window| window == REPLACED);
    if layer.is_some() && text.contains(char::REPLACEMENT_CHARACTER) && !has_marks {
        let message = "the settings file has bytes that are not valid in its encoding, and they count as U+FFFD";
        let finding = Finding::warning(codes::BROKEN_JSON, message).remedy("save it as UTF-8");
        said.push(placed(finding, Origin::file(name, 1, 1)));
    }
    layer
}

/// U+FFFD in UTF-8.
const REPLACED: &[u8] = "\u{fffd}".as_bytes();

fn unreadable(path: &Path, name: &str, error: &io::Error) -> Finding {
    let (what, remedy) = match error.kind() {
        io::ErrorKind::FileTooLarge => return too_large(name),
        io::ErrorKind::IsADirectory => ("is a directory", "name a file in it"),
        io::ErrorKind::Unsupported => ("is a pipe, a socket or a device", "name a file"),
        io::ErrorKind::PermissionDenied => ("cannot be read: permission denied", "let this user read it"),
        io::ErrorKind::TimedOut => ("cannot be read", "look at the disk or share that it is on"),
        _ => ("cannot be read", "check the cause"),
    };
    let message = format!("the settings file {} {what}", path.display());
    placed(Finding::error(codes::SETTINGS_FILE_UNREADABLE, message), Origin::file(name, 1, 1))
        .because(error.to_string())
        .remedy(remedy)
}

fn too_large(name: &str) -> Finding {
    let message = format!("the settings file is larger than {MAX_FILE_SIZE} bytes, the limit");
    placed(Finding::error(codes::SETTINGS_FILE_TOO_LARGE, message), Origin::file(name, 1, 1))
        .remedy("check that it is the right file")
}

/// The values that the caller puts over everything else.
fn arguments(location: &Location, said: &mut Vec<Finding>) -> Layer {
    let mut layer = Layer::new(ARGUMENTS);
    let origin = location.overrides_from.clone();
    for (path, value) in &location.overrides {
        let parts: Vec<&str> = path.split(SEPARATOR).take(MAX_DEPTH + 1).collect();
        if parts.len() == 1 && path.contains("__") {
            let message = "the argument's path has __, which separates in variables alone";
            said.push(Finding::warning(codes::ARGUMENT_SEPARATOR, message).at(path, origin.clone()).remedy("write :"));
        }
        if let Err(Refused::TooDeep | Refused::Duplicate(_)) = layer.put(&parts, Secret::from(value.as_str()), &origin)
        {
            let message = format!("an argument nests deeper than {MAX_DEPTH} levels");
            let finding = Finding::error(codes::PATH_TOO_DEEP, message);
            said.push(placed(finding.remedy("leave it out, or write a path of fewer parts"), origin.clone()));
        }
    }
    layer
}

/// What the layers left of each other in a section.
fn check_layers(tree: &Tree, path: &str, said: &mut Vec<Finding>) {
    remains::check(&Section { node: tree.node(path), path: path.to_owned() }, FILES, said);
    web_host_variables(tree, path, said);
}

fn web_host_variables(tree: &Tree, path: &str, said: &mut Vec<Finding>) {
    for leaf in tree.leaves(path) {
        let Origin::Environment(name) = &leaf.origin else { continue };
        if name.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("ASPNETCORE_")) {
            let message = format!("{name} is read as web hosts of .NET do; generic hosts don't read it");
            said.push(
                Finding::hint(codes::WEB_HOST_VARIABLE, message)
                    .at(leaf.path, leaf.origin.clone())
                    .remedy("write it without ASPNETCORE_: the variable then goes over the files too"),
            );
        }
    }
}

/// Whether any of the findings is an error.
pub(crate) fn any_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}
