//! Whose AWS credentials a request is signed with: the first of a machine's that are there.

use std::path::Path;
use std::time::Duration;

use credential_core::source::Detected;
use credential_core::world::{HttpErrorKind, HttpRequest, HttpResponse, check_address};
use credential_core::{Secret, SourceError, World};
use serde_json::Value;
use url::{Host, Url};

use super::sts;
use crate::platform::{Asking, Endpoint, absent, ask, ask_nearby, may_carry_secrets};

/// The most bytes of a file with a token.
const MAX_TOKEN: u64 = 64 * 1024;
/// The instance's metadata service, a link-local address, unless `AWS_EC2_METADATA_SERVICE_ENDPOINT` says otherwise.
const METADATA: &str = "http://169.254.169.254";
/// How long it may take to show that it is there: it answers in milliseconds; elsewhere the address leads nowhere.
const PROBE: Duration = Duration::from_secs(1);
/// Where the agent of ECS gives credentials.
/// Who made the machine.
const VENDOR: &str = "/sys/class/dmi/id/sys_vendor";
/// Variables by which AWS gives credentials.
const OF_AWS: [&str; 4] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_ACCESS_KEY_ID",
];
const OF_TASK: &str = "http://169.254.170.2";
/// Hosts that exist on the machine's link alone: those of ECS and EKS.
const NEARBY: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/// AWS credentials.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: Secret,
    pub(super) session: Option<Secret>,
}

/// Credentials, and the region that they are used in.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) keys: Keys,
    pub(super) region: String,
}

/// The machine's credentials.
///
/// # Errors
/// `NotApplicable` off AWS; what goes wrong where the environment names a place that should have them.
pub(super) async fn find(asking: &Asking<'_>, region: Option<&str>) -> Result<Found, SourceError> {
    let named = || region.map(str::to_owned).ok_or_else(no_region);
    if let Some(keys) = of_environment(asking) {
        return Ok(Found { keys, region: named()? });
    }
    if let Some(file) = asking.variable("AWS_WEB_IDENTITY_TOKEN_FILE") {
        let region = named()?;
        let keys = of_web_identity(asking, &file, &region).await?;
        return Ok(Found { keys, region });
    }
    let full =
        asking.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").map(|url| (url, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    let relative = || {
        let path = asking.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")?;
        Some((format!("{OF_TASK}{path}"), "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
    };
    if let Some((address, named_by)) = full.or_else(relative) {
        return Ok(Found { keys: of_container(asking, &address, named_by).await?, region: named()? });
    }
    of_instance(asking, region).await
}

/// Whether AWS would give credentials here, as far as variables and the firmware tell.
pub(super) async fn detect(world: &World) -> Option<Detected> {
    let set = OF_AWS.into_iter().find(|name| world.environment.text(name).is_some());
    if let Some(set) = set {
        return Some(Detected::new("AWS", format!("{set} is set")));
    }
    let vendor = world.read(Path::new(VENDOR), 256).await.ok()?;
    let is_amazon = std::str::from_utf8(vendor.expose()).is_ok_and(|vendor| vendor.trim() == "Amazon EC2");
    is_amazon.then(|| Detected::new("AWS", format!("{VENDOR} says so")))
}

fn of_environment(asking: &Asking<'_>) -> Option<Keys> {
    Some(Keys {
        id: asking.variable("AWS_ACCESS_KEY_ID")?,
        secret: Secret::new(asking.variable("AWS_SECRET_ACCESS_KEY")?),
        session: asking.variable("AWS_SESSION_TOKEN").map(Secret::new),
    })
}

fn no_region() -> SourceError {
    SourceError::misconfigured("aws-region", "the AWS region is missing: neither AwsRegion nor AWS_REGION is set")
        .remedy("set AwsRegion: the token is issued by the STS of a region")
        .settled_locally()
}

/// A role for the token that a cluster (EKS) projects.
async fn of_web_identity(asking: &Asking<'_>, file: &str, region: &str) -> Result<Keys, SourceError> {
    let role = asking.variable("AWS_ROLE_ARN").ok_or_else(|| {
        let message = "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not";
        SourceError::denied("aws-credentials", message).remedy("set AWS_ROLE_ARN to the role of the service account")
    })?;
    let session = asking.variable("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "token-client".to_owned());
    let token = read(asking, file, "AWS_WEB_IDENTITY_TOKEN_FILE").await?;
    sts::assume_role(asking, region, &role, &session, &token).await
}

/// The text of a file that a variable names.
async fn read(asking: &Asking<'_>, file: &str, named_by: &str) -> Result<Secret, SourceError> {
    let unreadable = |why: String| {
        SourceError::denied("aws-token-file", format!("{file}: {why}"))
            .remedy(format!("look at what writes the file that {named_by} names"))
            .settled_locally()
    };
    let content = asking.world.read(Path::new(file), MAX_TOKEN).await.map_err(|error| unreadable(error.to_string()))?;
    let text = std::str::from_utf8(content.expose()).map_err(|_| unreadable("it is not text".to_owned()))?.trim();
    if text.is_empty() { Err(unreadable("it is empty".to_owned())) } else { Ok(Secret::new(text)) }
}

/// The endpoint of a container's agent: ECS, EKS Pod Identity.
async fn of_container(asking: &Asking<'_>, address: &str, named_by: &'static str) -> Result<Keys, SourceError> {
    let file = asking.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    let authorization = match (file, asking.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
        (Some(file), _) => Some(read(asking, &file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").await?),
        (None, text) => text.map(Secret::new),
    };
    let endpoint = Endpoint {
        name: "the container's credential endpoint",
        named_by,
        field: None,
        refused: "give the task or pod a role: the agent knows none for it",
        unknown: "give the task or pod a role: the agent knows none for it",
        secrets: authorization.as_slice(),
    };
    let request = HttpRequest::get(address).header("Accept", "application/json");
    let request = match &authorization {
        Some(authorization) => request.header("Authorization", authorization.clone()),
        None => request,
    };
    let answer = match is_nearby(address) {
        true => ask_nearby(asking, &endpoint, request).await?,
        false => {
            may_carry_secrets(&endpoint, &request)?;
            ask(asking, &endpoint, request).await?
        }
    };
    keys_in(answer.expose().as_bytes(), endpoint.name)
}

fn is_nearby(address: &str) -> bool {
    let url = Url::parse(address).ok();
    let host = url.as_ref().and_then(Url::host).map(|host| match host {
        Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    });
    host.is_some_and(|host| NEARBY.contains(&host.as_str())) && check_address(address).is_err()
}

/// `AccessKeyId`, `SecretAccessKey` and `Token`, as agents and the metadata service give them.
fn keys_in(content: &[u8], place: &str) -> Result<Keys, SourceError> {
    let body: Value = serde_json::from_slice(content).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("AccessKeyId"), text("SecretAccessKey")) {
        (Some(id), Some(secret)) => {
            Ok(Keys { id: id.to_owned(), secret: Secret::new(secret), session: text("Token").map(Secret::new) })
        }
        _ => {
            let message = format!("what {place} gave is not valid: there are no AWS credentials in it");
            Err(SourceError::invalid("token-unreadable", message).remedy("look at what answers there"))
        }
    }
}

/// The instance's metadata service, by sessions (IMDSv2).
async fn of_instance(asking: &Asking<'_>, region: Option<&str>) -> Result<Found, SourceError> {
    let off = asking.variable("AWS_EC2_METADATA_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true"));
    if off {
        let why = "no variable names AWS credentials, and AWS_EC2_METADATA_DISABLED is set";
        return Err(absent("AWS", why, "run where AWS gives credentials, or set AWS_ACCESS_KEY_ID"));
    }
    let base = asking.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| METADATA.to_owned());
    let base = base.trim_end_matches('/');
    let session = session(asking, base).await?;
    let get = |path: &str| {
        let request = HttpRequest::get(format!("{base}/latest/meta-data/{path}"));
        let request = request.header("X-aws-ec2-metadata-token", session.clone());
        let endpoint = Endpoint {
            name: "the instance's metadata service",
            named_by: "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            field: None,
            refused: "let the instance's metadata service give credentials",
            unknown: "give the instance an instance profile with a role",
            secrets: &[],
        };
        async move { ask_nearby(asking, &endpoint, request).await }
    };
    let roles = get("iam/security-credentials/").await?;
    let role = roles.expose().lines().next().unwrap_or_default().trim().to_owned();
    let answer = get(&format!("iam/security-credentials/{role}")).await?;
    let keys = keys_in(answer.expose().as_bytes(), "the instance's metadata service")?;
    let region = match region {
        Some(region) => region.to_owned(),
        None => {
            let region = get("placement/region").await?.expose().to_owned();
            sts::check_region(&region, "the instance's region")?;
            region
        }
    };
    Ok(Found { keys, region })
}

/// The token of a session with the metadata service; without one, this is no instance of AWS's.
async fn session(asking: &Asking<'_>, base: &str) -> Result<Secret, SourceError> {
    let request = HttpRequest::new("PUT", format!("{base}/latest/api/token"))
        .header("X-aws-ec2-metadata-token-ttl-seconds", "60")
        .timeout(PROBE.min(asking.remaining()))
        .max_response(MAX_TOKEN)
        .direct();
    let off_aws = |why: &str| {
        let message = format!("no token of AWS: no variable names AWS credentials, and {why}");
        SourceError::not_applicable("platform-absent", message)
            .remedy("run where AWS gives credentials, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    };
    match asking.world.send(request).await {
        Ok(HttpResponse { status: 200, body, .. }) => match std::str::from_utf8(body.expose()).map(str::trim) {
            Ok(token) if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Secret::new(token))
            }
            _ => Err(off_aws(&format!("what answers at {base} is no metadata service of AWS"))),
        },
        Ok(response) => Err(off_aws(&format!("{base} is no metadata service of AWS ({})", response.status))),
        Err(error) if error.kind() == HttpErrorKind::Timeout => {
            Err(off_aws(&format!("the metadata service at {base} timed out")).caused_by(error))
        }
        Err(error) => Err(off_aws(&format!("no metadata service was found at {base}")).caused_by(error)),
    }
}
