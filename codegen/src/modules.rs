//! `specs/modules.toml`: which modules there are.

use serde::Deserialize;

use crate::error::FileError;
use crate::text::is_invisible;

/// The name under which faults in the list of modules are reported.
pub const MODULES_FILE: &str = "specs/modules.toml";

/// One module of the platform: an entry of `specs/modules.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// The first folder of the module's address, in kebab case; its crate is `hoopai-<name>`.
    pub name: String,
    /// What HoopAI calls it.
    pub product: String,
    /// Other names that people search for.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Where its file is in the public documentation repository, where that is not `apps/<name>.json`.
    #[serde(default)]
    pub github: Option<String>,
    /// Whether the facade has it without being asked.
    #[serde(default)]
    pub default: bool,
}

impl Module {
    /// The name of the module's crate: `hoopai-contacts`.
    pub fn crate_name(&self) -> String {
        format!("hoopai-{}", self.name)
    }

    /// The module's name as a Rust identifier: `social_media_posting`.
    pub fn ident(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// Reads `specs/modules.toml`.
pub fn parse_modules(text: &str) -> Result<Vec<Module>, FileError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        module: Vec<Module>,
    }
    let fault = |problem: String, remedy: &str| FileError {
        file: MODULES_FILE.to_owned(),
        pointer: String::new(),
        problem,
        remedy: remedy.to_owned(),
    };
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| {
            1 + text.as_bytes()[..span.start.min(text.len())]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
        });
        fault(
            format!("line {line}: {}", error.message()),
            "write `[[module]]` entries with `name` and `product`",
        )
    })?;
    for (index, module) in file.module.iter().enumerate() {
        let proper = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_lowercase())
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !module.name.split('-').all(proper) {
            return Err(fault(
                format!("module name `{}` is not kebab case", module.name),
                "use the first folder of the module's address",
            ));
        }
        let texts = std::iter::once(&module.product)
            .chain(&module.aliases)
            .chain(&module.github);
        for text in texts {
            if text.contains(|c| is_invisible(c) || c == '\n' || c == '\t') {
                return Err(fault(
                    format!(
                        "module `{}` has a hidden character or a line break in `{text}`",
                        module.name
                    ),
                    "write its texts in visible characters, on one line",
                ));
            }
        }
        if file.module[..index]
            .iter()
            .any(|other| other.name >= module.name)
        {
            return Err(fault(
                format!("module `{}` stands twice or out of order", module.name),
                "keep one entry a module, in alphabetical order",
            ));
        }
    }
    Ok(file.module)
}
