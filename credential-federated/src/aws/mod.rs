//! The source type `Aws`: AWS says who the workload is (outbound identity federation,
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html>).

mod keys;
mod sign;
mod sts;
mod xml;

use async_trait::async_trait;
use credential_core::source::Detected;
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType, World,
};

use crate::audience::EXCHANGE_URL;
use crate::platform::{Asking, Platform, Tokens};

const REGION: &str = "AwsRegion";
const LIFE: &str = "AwsTokenDuration";
/// How long a token may live, in seconds, and how long it does without a word.
const LIVES: std::ops::RangeInclusive<u64> = 60..=3600;
const USUAL_LIFE: u64 = 300;

/// A token that AWS STS issues about the workload's own AWS identity as the assertion.
///
/// ```json
/// { "SourceType": "Aws" }
/// { "SourceType": "Aws", "AwsRegion": "eu-west-1", "AwsTokenDuration": 900 }
/// ```
///
/// AWS credentials come from the first of these that is there: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (with
/// `AWS_SESSION_TOKEN`); `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN` (EKS); the container endpoint
/// (`AWS_CONTAINER_CREDENTIALS_FULL_URI` or `_RELATIVE_URI`: ECS, EKS Pod Identity); the instance's metadata service
/// (IMDSv2). The account must have outbound identity federation enabled, and the identity be allowed
/// `sts:GetWebIdentityToken`. The region is `AwsRegion`, `AWS_REGION`, `AWS_DEFAULT_REGION` or the instance's.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsSource;

impl AwsSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("Aws");
}

#[async_trait]
impl CredentialSource for AwsSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(REGION, SettingKind::Identifier, "The AWS region whose STS is asked.")
                .mistaken(&["Region", "AWS_REGION"]),
            Setting::new(LIFE, SettingKind::Integer, "How many seconds a token of AWS lives, 60 to 3600.")
                .default("300")
                .mistaken(&["DurationSeconds", "AwsDurationSeconds"]),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let life = entry.integer(LIFE).unwrap_or(USUAL_LIFE);
        if !LIVES.contains(&life) {
            let message = format!("{LIFE} is not valid: {life} is not between {} and {}", LIVES.start(), LIVES.end());
            let error = SourceError::misconfigured("token-duration", message).about(LIFE);
            return Err(cx.error(error.remedy("write seconds from 60 to 3600, or remove it for 300")));
        }
        let region = entry.text(REGION).map(str::trim).filter(|region| !region.is_empty()).map(str::to_owned);
        if let Some(region) = &region {
            sts::check_region(region, REGION).map_err(|error| cx.error(error.about(REGION)))?;
        }
        Ok(Tokens::loader(entry, cx, Aws { region, life }))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        keys::detect(world).await.into_iter().collect()
    }
}

/// One entry.
#[derive(Debug)]
struct Aws {
    region: Option<String>,
    life: u64,
}

impl Aws {
    /// What the entry or the environment says, and what said it.
    fn region(&self, asking: &Asking<'_>) -> Option<(String, &'static str)> {
        let variable = |name| asking.variable(name).map(|region| (region, name));
        let own = self.region.clone().map(|region| (region, REGION));
        own.or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"))
    }
}

#[async_trait]
impl Platform for Aws {
    fn name(&self) -> String {
        "AWS".to_owned()
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let region = self.region(asking);
        if let Some((region, named_by)) = &region {
            sts::check_region(region, named_by)?;
        }
        let found = keys::find(asking, region.as_ref().map(|(region, _)| region.as_str())).await?;
        sts::web_identity_token(asking, &found, self.life).await
    }
}
