//! Uploads a file to the media library: `cargo run --example upload_media`.
//!
//! In your account: `cargo run --example upload_media -- FILE`.

mod common;

use std::path::Path;

use common::{Account, Result, or_dash};
use hoopai::Part;

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let [file] = account.arguments(["FILE"], |_| {
        [concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/logo.svg").to_owned()]
    })?;
    let path = Path::new(&file);
    let name = path.file_name().ok_or("the path names no file")?;
    let name = name.to_string_lossy().into_owned();

    let medias = account.client.medias();
    let uploaded = medias
        .upload_media_file()
        // The name determines the content type. `Part::stream` uploads large files.
        .file(Part::bytes(&name, std::fs::read(path)?))
        .name(&name)
        .send()
        .await?;
    println!("Uploaded {name} to {}", or_dash(&uploaded.url));

    let library = medias
        .list_media_objects()
        .type_("file")
        .sort_by("createdAt")
        .sort_order("desc")
        .limit(10)
        .send()
        .await?;
    println!("The newest files in the library:");
    for file in library.files.as_deref().unwrap_or_default() {
        println!("  {}", or_dash(&file.name));
    }
    Ok(())
}
