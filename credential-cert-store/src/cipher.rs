//! Block ciphers in CBC mode with PKCS#7 padding.

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, InnerIvInit, KeyIvInit};
use zeroize::Zeroizing;

use crate::error::Fault;

/// A block cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Des,
    /// DES three times with two keys.
    TwoKeyTripleDes,
    TripleDes,
    /// RC2 with its key's size in bytes and its effective size in bits.
    Rc2 {
        bytes: usize,
        bits: usize,
    },
}

impl Cipher {
    /// Bytes of its key.
    pub(crate) fn key_size(self) -> usize {
        match self {
            Self::Des => 8,
            Self::Aes128 | Self::TwoKeyTripleDes => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Rc2 { bytes, .. } => bytes,
        }
    }

    /// Bytes of a block and of the initialization vector.
    pub(crate) fn block_size(self) -> usize {
        if matches!(self, Self::Aes128 | Self::Aes192 | Self::Aes256) { 16 } else { 8 }
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`Fault::Password`] when the padding is wrong, as it is with another key.
    pub(crate) fn decrypt(self, key: &[u8], iv: &[u8], content: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        if key.len() != self.key_size() || iv.len() != self.block_size() {
            return Err(Fault::Malformed("a key or initialization vector of another size than its cipher's"));
        }
        if content.is_empty() || !content.len().is_multiple_of(self.block_size()) {
            return Err(Fault::Malformed("encrypted content that is no whole number of blocks"));
        }
        let mut content = Zeroizing::new(content.to_vec());
        let size = match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => self.aes(key, iv, &mut content)?,
            Self::Des => finish(cbc::Decryptor::<des::Des>::new_from_slices(key, iv), &mut content)?,
            Self::TwoKeyTripleDes => finish(cbc::Decryptor::<des::TdesEde2>::new_from_slices(key, iv), &mut content)?,
            Self::TripleDes => finish(cbc::Decryptor::<des::TdesEde3>::new_from_slices(key, iv), &mut content)?,
            Self::Rc2 { bits, .. } => {
                let cipher = rc2::Rc2::new_with_eff_key_len(key, bits);
                finish(cbc::Decryptor::inner_iv_slice_init(cipher, iv), &mut content)?
            }
        };
        content.truncate(size);
        Ok(content)
    }

    fn aes(self, key: &[u8], iv: &[u8], content: &mut [u8]) -> Result<usize, Fault> {
        let algorithm = match self {
            Self::Aes128 => &AES_128,
            Self::Aes192 => &AES_192,
            _ => &AES_256,
        };
        let iv = <[u8; 16]>::try_from(iv).map_err(|_| Fault::Malformed("an initialization vector of another size"))?;
        let context = DecryptionContext::Iv128(FixedLength::from(&iv));
        let key = UnboundCipherKey::new(algorithm, key).and_then(PaddedBlockDecryptingKey::cbc_pkcs7);
        key.and_then(|key| key.decrypt(content, context).map(|plain| plain.len())).map_err(|_| Fault::Password)
    }
}

fn finish<C, E>(cipher: Result<cbc::Decryptor<C>, E>, content: &mut [u8]) -> Result<usize, Fault>
where
    C: BlockCipher + cbc::cipher::BlockDecryptMut,
    cbc::Decryptor<C>: BlockDecryptMut,
{
    let cipher = cipher.map_err(|_| Fault::Malformed("a key of another size than its cipher's"))?;
    cipher.decrypt_padded_mut::<Pkcs7>(content).map(<[u8]>::len).map_err(|_| Fault::Password)
}
