//! Certificates as credentials: PFX and PEM from files, base64 and stores, with local signers.
