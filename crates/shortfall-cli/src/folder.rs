//! The folder of `--out`.

use crate::output::{Failure, harmless};
use shortfall::arguments::BadInput;
use shortfall_lab::page::{MARK, Page};
use std::path::{Path, PathBuf};

const INDEX: &str = "index.html";

/// A folder that was there or has been made, and takes files.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes it before the work is done, so that a wrong path costs nothing.
    pub fn make(path: &Path) -> Result<Self, Failure> {
        let refuse = |message: String| Failure::BadInput(BadInput::new(format!("--out {}: {message}", path.display())));
        std::fs::create_dir_all(path).map_err(|error| {
            match path.ancestors().find(|path| path.exists() && !path.is_dir()) {
                Some(file) => {
                    refuse(format!("`{}` is a file; a folder, there or to be made, is expected", file.display()))
                }
                None => refuse(error.to_string()),
            }
        })?;
        let trial = path.join(format!(".shortfall-{}", std::process::id()));
        // New, so that nothing of this name is lost.
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&trial)
            .and_then(|_| std::fs::remove_file(&trial))
            .map_err(|error| refuse(format!("no file can be written there: {error}")))?;
        match std::fs::read(path.join(INDEX)) {
            Ok(page) if !String::from_utf8_lossy(&page).contains(MARK) => {
                Err(refuse(format!("it has an {INDEX} that is not of shortfall; another folder is expected")))
            }
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(refuse(format!("{INDEX}: {error}"))),
            _ => Ok(Self(path.to_owned())),
        }
    }

    /// Writes beside, then renames: a reader sees the whole file or the old one.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.0.join(name);
        let beside = path.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, &path))
            .map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
    }

    /// The page, and every figure of it as SVG with its numbers as CSV.
    pub fn write_page(&self, page: &Page) -> Result<(), Failure> {
        for part in ["figures", "data"] {
            let folder = self.0.join(part);
            std::fs::create_dir_all(&folder)
                .map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))?;
        }
        for plate in page.plates() {
            self.write(&format!("figures/{}.svg", plate.id), &plate.svg)?;
            self.write(&format!("data/{}.csv", plate.id), &plate.csv)?;
        }
        self.write(INDEX, &page.to_html())
    }

    /// Where the page is.
    pub fn page(&self) -> PathBuf {
        self.0.join(INDEX)
    }

    /// The document under its name, and the page; says so.
    pub fn keep(&self, name: &str, document: &serde_json::Value, page: &Page) -> Result<(), Failure> {
        self.write(name, &format!("{document:#}\n"))?;
        self.write_page(page)?;
        eprintln!("wrote {} and {name}", harmless(&self.page().display().to_string()));
        Ok(())
    }
}
