//! Bodies that are not JSON: the smallest valid file of their media type.

use bytes::Bytes;
use serde_json::Value;

/// A body of a media type. Text bodies contain the value.
pub(super) fn sample(media_type: &str, value: &Value) -> Bytes {
    match media_type {
        text if text.starts_with("text/") => match value {
            Value::String(text) => text.clone().into(),
            other => other.to_string().into(),
        },
        "audio/x-wav" | "audio/wav" => wav(),
        "application/pdf" => Bytes::from_static(b"%PDF-1.4\n%%EOF\n"),
        _ => Bytes::from_static(b"\0\x01\x02\x03"),
    }
}

/// A WAV file with ten milliseconds of silence.
fn wav() -> Bytes {
    const RATE: u32 = 8000;
    const SAMPLES: u32 = RATE / 100;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + SAMPLES).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    wav.extend([1, 0, 1, 0]);
    wav.extend(RATE.to_le_bytes());
    wav.extend(RATE.to_le_bytes());
    wav.extend([1, 0, 8, 0]);
    wav.extend(b"data");
    wav.extend(SAMPLES.to_le_bytes());
    wav.resize(wav.len() + SAMPLES as usize, 0x80);
    wav.into()
}
