//! `hoopai login`: stores a private token, or installs an OAuth app.

mod callback;
#[cfg(unix)]
mod echo;

use std::io::{self, IsTerminal, Read};
use std::time::Duration;

use clap::Args;
use hoopai_auth::{AccountId, OAuthApp, TokenManager};
use hoopai_runtime::Handle;
use hoopai_runtime::operation::Method;

use crate::account::{Credentials, Environment, Profile, Profiles, Secret, Storage, oauth_handle};
use crate::call::interruptible;
use crate::directory::Directory;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::options::Options;

/// The longest input that is read as a secret.
const MAX_SECRET: u64 = 16 * 1024;

/// Stores credentials in a profile. Without --client-id, a private token is read from the prompt or
/// the standard input
#[derive(Args, Debug)]
pub(crate) struct Login {
    /// Client id of an OAuth app; its secret is read from HOOPAI_CLIENT_SECRET, the prompt or the
    /// standard input
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// Redirect URI of the app, on this machine
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://localhost:8484/callback",
        requires = "client_id"
    )]
    redirect_uri: String,

    /// Scope that the app requests; can be repeated
    #[arg(long, value_name = "SCOPE", requires = "client_id")]
    scope: Vec<String>,

    /// Host of the page where an account is chosen
    #[arg(long, value_name = "URL", requires = "client_id")]
    chooser_host: Option<String>,

    /// Print the URL instead of opening a browser
    #[arg(long, requires = "client_id")]
    no_browser: bool,

    /// Seconds to wait for the redirect
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 300,
        requires = "client_id"
    )]
    wait: u64,

    /// Store secrets in the keychain of the operating system instead of files
    #[arg(long)]
    keychain: bool,
}

/// The account of new credentials, and where they are stored.
struct Target<'a> {
    environment: &'a Environment,
    directory: &'a Directory,
    storage: Storage,
    name: &'a str,
}

pub(crate) async fn run(options: &Options, login: Login) -> Result {
    if options.mock {
        return Err(Failure::usage(
            "--mock needs no login: run a command with it",
        ));
    }
    let directory = Directory::find()?;
    let environment = Environment::read(options)?;
    let name = options
        .profile
        .clone()
        .unwrap_or_else(|| "default".to_owned());
    let target = Target {
        environment: &environment,
        directory: &directory,
        storage: Storage::open(login.keychain)?,
        name: &name,
    };
    let profile = match &login.client_id {
        None => private_token(options, &target).await?,
        Some(client_id) => oauth(options, &login, client_id, &target).await?,
    };
    let account = match (&profile.location, &profile.company) {
        (Some(id), _) => format!("location {id}"),
        (None, Some(id)) => format!("company {id}"),
        (None, None) => "no account: pass --location with each call that needs one".to_owned(),
    };
    let in_keychain = login.keychain;
    let replaced = Profiles::change(&directory, |profiles| Ok(profiles.insert(&name, profile)))?;
    // The secret of a profile has one name in the keychain, so a new one replaces the old one there.
    if let (Some(replaced), false) = (replaced, in_keychain) {
        replaced.credentials.secret().forget()?;
    }
    eprintln!(
        "stored the profile `{name}` in {}: {account}",
        directory.path().display()
    );
    Ok(())
}

impl Target<'_> {
    /// Stores a secret of the profile.
    fn keep(&self, secret: String) -> Result<Secret> {
        self.storage.keep(secret, self.name, self.directory)
    }
}

/// Reads a private token. It is checked by one call if the location is named.
async fn private_token(options: &Options, target: &Target<'_>) -> Result<Profile> {
    let environment = target.environment;
    let token = secret("private token")?;
    let mut builder = Handle::builder().private_token(token.as_str());
    if let Some(url) = &environment.base_url {
        builder = builder.base_url(url);
    }
    let handle = builder.build()?;
    let location = options
        .location
        .clone()
        .or_else(|| environment.location.clone());
    if let Some(id) = &location {
        let call = handle
            .request(Method::GET, "/locations/{id}")
            .path("id", id.as_str());
        match interruptible(async { Ok(call.send().await) }).await? {
            Ok(_) => {}
            Err(error) if Exit::of(&error) == Exit::LoginNeeded => return Err(error.into()),
            // The token can lack the scope of this call and be valid for others.
            Err(error) => eprintln!("the token was not checked: {error}"),
        }
    }
    Ok(Profile {
        credentials: Credentials::PrivateToken {
            token: target.keep(token)?,
        },
        location,
        company: options
            .company
            .clone()
            .or_else(|| environment.company.clone()),
        base_url: environment.base_url.clone(),
    })
}

/// Installs an app: the user chooses an account in a browser, which is redirected to this program.
async fn oauth(
    options: &Options,
    login: &Login,
    client_id: &str,
    target: &Target<'_>,
) -> Result<Profile> {
    let environment = target.environment;
    let client_secret = match &environment.client_secret {
        Some(secret) => secret.clone(),
        None => secret("client secret")?,
    };
    let mut app = OAuthApp::new(client_id, client_secret.as_str(), &login.redirect_uri);
    if let Some(host) = &login.chooser_host {
        app = app.chooser_host(host);
    }
    let base_url = environment.base_url.as_deref();
    let handle = oauth_handle(app, base_url, target.directory, &target.storage)?;
    let manager = TokenManager::of(&handle)?;
    let authorize = manager.authorize_url(&login.scope)?;
    let listener = callback::Listener::bind(&login.redirect_uri).await?;
    let manual = login.no_browser || !open_browser(&authorize.url);
    if manual {
        eprintln!(
            "open this URL and choose an account:\n{}\nIf the browser is on another machine, it shows \
             an error then: copy the URL of that page, and paste it here.",
            authorize.url
        );
    } else {
        eprintln!("choose an account in the browser; --no-browser prints the URL instead");
    }
    let code = interruptible(async {
        let code = async {
            tokio::select! {
                code = listener.code(&authorize.state) => code,
                code = pasted_code(&login.redirect_uri, &authorize.state), if manual => code,
            }
        };
        tokio::time::timeout(Duration::from_secs(login.wait), code)
            .await
            .unwrap_or_else(|_| {
                Err(Failure::unavailable(format_args!(
                    "no account was chosen within {} seconds: run the command again, or set --wait",
                    login.wait
                )))
            })
    })
    .await?;
    let installation = manager.exchange_code(code).await?;
    handle.wait_idle(Duration::from_secs(10)).await;
    let (location, company) = match installation.account {
        AccountId::Location(id) => (Some(id), None),
        // A location of the agency, whose token is requested when it is used.
        AccountId::Company(id) => (options.location.clone(), Some(id)),
        _ => {
            return Err(Failure::internal(
                "the tokens are of an unknown kind of account",
            ));
        }
    };
    if let (Some(requested), Some(chosen), None) = (&options.location, &location, &company)
        && requested != chosen
    {
        return Err(Failure::refused(format_args!(
            "the chosen location is {chosen}, and --location is {requested}: choose the same one"
        )));
    }
    Ok(Profile {
        credentials: Credentials::OAuthApp {
            client_id: client_id.to_owned(),
            client_secret: target.keep(client_secret)?,
            redirect_uri: login.redirect_uri.clone(),
        },
        location,
        company,
        base_url: environment.base_url.clone(),
    })
}

/// Reads redirect URLs from the standard input until one has the code. Without input it never ends,
/// so that the redirect can arrive.
async fn pasted_code(redirect_uri: &str, state: &str) -> Result<String> {
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    // A thread that waits for a line does not keep the program from ending.
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(io::Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        if line.trim().is_empty() {
            continue;
        }
        match callback::pasted(&line, redirect_uri, state) {
            Err(failure) if failure.exit() == Exit::Usage => eprintln!("{}", failure.sentence()),
            ended => return ended,
        }
    }
    std::future::pending().await
}

/// Reads a secret: from a prompt without echo on a terminal, otherwise the first line of the
/// standard input.
fn secret(what: &str) -> Result<String> {
    let failed =
        |error: io::Error| Failure::usage(format_args!("the {what} cannot be read: {error}"));
    let text = if io::stdin().is_terminal() {
        #[cfg(unix)]
        let _echo = echo::Off::now().map_err(failed)?;
        rpassword::prompt_password(format!("{what}: ")).map_err(failed)?
    } else {
        let mut text = String::new();
        io::stdin()
            .take(MAX_SECRET)
            .read_to_string(&mut text)
            .map_err(failed)?;
        text.lines().next().unwrap_or_default().to_owned()
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage(format_args!(
            "there is no {what}: type it at the prompt, or pass it on the standard input"
        )));
    }
    Ok(text.to_owned())
}

/// Opens a URL in the browser of the user. `false`: there is none.
fn open_browser(url: &str) -> bool {
    use std::process::{Command, Stdio};
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        if std::env::var_os("DISPLAY").is_none() && std::env::var_os("WAYLAND_DISPLAY").is_none() {
            return false;
        }
        Command::new("xdg-open")
    };
    command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .is_ok()
}
