//! What commands of the service understand.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use url::Url;
use xoay::OidcRoles;

#[derive(Debug, Args)]
pub struct PublishArguments {
    #[command(flatten)]
    pub keep: KeepArguments,
    /// The product's short name in addresses; publishing again under it makes a new version.
    #[arg(long)]
    pub slug: String,
    /// The product's name in Vietnamese.
    #[arg(long, value_name = "TEXT")]
    pub name_vi: String,
    /// The product's name in English.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub name_en: String,
    /// Who makes it, in Vietnamese.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub producer_vi: String,
    /// Who makes it, in English.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub producer_en: String,
    /// The commune it comes from, in Vietnamese.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub commune_vi: String,
    /// The commune it comes from, in English.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub commune_en: String,
    /// Folder that `xoay spin` wrote.
    #[arg(long, value_name = "FOLDER", required_unless_present = "model")]
    pub spin: Option<PathBuf>,
    /// Folder that `xoay optimize -o folder/` wrote.
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct UploadArguments {
    /// Folder of photos, in folders of their own where there are several rows; or one file.
    pub folder: PathBuf,
    /// The service's address.
    #[arg(long, value_name = "URL")]
    pub to: Url,
    /// The product's id or its short name in addresses.
    #[arg(long, value_name = "PRODUCT")]
    pub product: String,
    /// The service's token, where it has one.
    #[arg(long, env = "XOAY_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Files on their way at a time.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub parallel: u32,
    /// Give up after so many seconds without any progress.
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub patience: u32,
}

#[derive(Debug, Args)]
pub struct ServeArguments {
    #[command(flatten)]
    pub keep: KeepArguments,
    /// Address to listen on.
    #[arg(
        long,
        env = "XOAY_LISTEN",
        default_value = "127.0.0.1:8360",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,
    /// The address that visitors use, where a proxy stands in front.
    #[arg(long, env = "XOAY_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Url>,
    /// What the service's operator sends as bearer token; beyond this machine it or an account is needed.
    #[arg(long, env = "XOAY_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The identity provider that people may sign in with (OpenID Connect), as it names itself.
    #[arg(
        long,
        env = "XOAY_OIDC_ISSUER",
        value_name = "URL",
        requires = "oidc_client_id"
    )]
    pub oidc_issuer: Option<String>,
    /// Under what the identity provider knows this service.
    #[arg(long, env = "XOAY_OIDC_CLIENT_ID", value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// What proves that to the identity provider; none for a public client.
    #[arg(
        long,
        env = "XOAY_OIDC_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub oidc_client_secret: Option<String>,
    /// Who gets an account at the first sign-in: domain.name=role of verified addresses, separated by commas; nobody without.
    #[arg(long, env = "XOAY_OIDC_ROLES", value_name = "ROLES")]
    pub oidc_roles: Option<OidcRoles>,
    /// Address on which Prometheus finds /metrics; none without.
    #[arg(long, env = "XOAY_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    /// Requests a second that one client may send, objects and the viewer aside; 0 for any number.
    #[arg(
        long,
        env = "XOAY_RATE_LIMIT",
        default_value_t = 50,
        value_name = "REQUESTS"
    )]
    pub rate_limit: u32,
    /// Proxies in front that append the client's address to X-Forwarded-For.
    #[arg(long, env = "XOAY_TRUSTED_HOPS", default_value_t = 0, value_name = "PROXIES", value_parser = clap::value_parser!(u32).range(0..=16))]
    pub trusted_hops: u32,
    /// Megabytes of objects kept in memory.
    #[arg(long, env = "XOAY_CACHE", default_value_t = 64, value_name = "MB", value_parser = clap::value_parser!(u32).range(0..=1_048_576))]
    pub cache: u32,
    /// Hours for which an upload in pieces is kept after the last of them.
    #[arg(long, env = "XOAY_UPLOAD_HOURS", default_value_t = 72, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub upload_hours: u32,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub tell: TellArguments,
}

#[derive(Debug, Args)]
pub struct WorkerArguments {
    #[command(flatten)]
    pub keep: KeepArguments,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub tell: TellArguments,
}

/// What a service tells of itself, and to whom.
#[derive(Debug, Args)]
pub struct TellArguments {
    /// Write the log as JSON.
    #[arg(long, env = "XOAY_LOG_JSON")]
    pub log_json: bool,
    /// OpenTelemetry collector that traces are sent to, as OTLP over HTTP; none without.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<Url>,
}

/// Where a service keeps what it has.
#[derive(Debug, Args)]
pub struct KeepArguments {
    /// The service's data folder: the database, scratch space and, by default, the objects.
    #[arg(
        long,
        env = "XOAY_DATA",
        default_value = "xoay-data",
        value_name = "FOLDER"
    )]
    pub data: PathBuf,
    /// The database, postgres://user:password@host/name [default: a file in the data folder].
    #[arg(
        long,
        env = "XOAY_DATABASE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database: Option<String>,
    /// Where objects are kept: file:///folder or s3://bucket/prefix [default: in the data folder].
    #[arg(long, env = "XOAY_STORE", value_name = "URL")]
    pub store: Option<String>,
}

impl KeepArguments {
    pub fn kept(&self) -> xoay::Kept<'_> {
        xoay::Kept {
            data_dir: &self.data,
            database_url: self.database.as_deref(),
            store_url: self.store.as_deref(),
        }
    }
}

#[derive(Debug, Args)]
pub struct VerifyArguments {
    #[command(flatten)]
    pub keep: KeepArguments,
    /// Then move what nothing names any more to the trash, and empty that of what has lain there as long.
    #[arg(long)]
    pub collect: bool,
    /// How old it must be, in hours.
    #[arg(long, default_value_t = 72, requires = "collect", value_name = "HOURS", value_parser = clap::value_parser!(u32).range(24..=87_600))]
    pub grace: u32,
}

#[derive(Debug, Args)]
pub struct BackupArguments {
    #[command(flatten)]
    pub keep: KeepArguments,
    /// Folder for the copy; an earlier backup in it is brought up to date.
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
}

/// How a process works on jobs.
#[derive(Debug, Args)]
pub struct WorkArguments {
    /// Jobs in work at a time; 0 leaves them to other processes.
    #[arg(long, env = "XOAY_WORKERS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=64))]
    pub workers: u32,
    /// Spins among them at a time, at most [default: all].
    #[arg(long, env = "XOAY_SPIN_WORKERS", value_name = "JOBS", value_parser = clap::value_parser!(u32).range(0..=64))]
    pub spin_workers: Option<u32>,
    /// Models among them at a time, at most [default: all].
    #[arg(long, env = "XOAY_MODEL_WORKERS", value_name = "JOBS", value_parser = clap::value_parser!(u32).range(0..=64))]
    pub model_workers: Option<u32>,
    /// Megabytes of memory that a job may use.
    #[arg(long, env = "XOAY_JOB_MEMORY", default_value_t = 4096, value_name = "MB", value_parser = clap::value_parser!(u32).range(64..))]
    pub job_memory: u32,
    /// Seconds that a job may run.
    #[arg(long, env = "XOAY_JOB_TIME", default_value_t = 7200, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(10..))]
    pub job_time: u32,
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add an account. The password is typed unseen, or read from standard input.
    Add(UserAddArguments),
}

#[derive(Debug, Args)]
pub struct UserAddArguments {
    /// What is typed to sign in: letters, digits, dots, underscores, hyphens or @.
    pub name: String,
    /// What colleagues call them [default: the name].
    #[arg(long, value_name = "TEXT")]
    pub full_name: Option<String>,
    /// They manage the whole service.
    #[arg(long, conflicts_with = "role")]
    pub administrator: bool,
    /// What they are in the organisation that every service has.
    #[arg(long, value_enum, default_value = "digitizer")]
    pub role: RoleArgument,
    /// The service's data folder.
    #[arg(
        long,
        env = "XOAY_DATA",
        default_value = "xoay-data",
        value_name = "FOLDER"
    )]
    pub data: PathBuf,
    /// The database, postgres://user:password@host/name [default: a file in the data folder].
    #[arg(
        long,
        env = "XOAY_DATABASE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleArgument {
    Administrator,
    Digitizer,
    Reviewer,
    Producer,
    Viewer,
}

impl From<RoleArgument> for xoay::Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Administrator => Self::Administrator,
            RoleArgument::Digitizer => Self::Digitizer,
            RoleArgument::Reviewer => Self::Reviewer,
            RoleArgument::Producer => Self::Producer,
            RoleArgument::Viewer => Self::Viewer,
        }
    }
}
