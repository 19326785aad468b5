#![allow(unsafe_code)]

use std::ffi::CStr;
use std::mem::MaybeUninit;

use libaom_sys::{
    AOM_CODEC_OK, AOM_DECODER_ABI_VERSION, AOM_ENCODER_ABI_VERSION, aom_codec_av1_cx,
    aom_codec_av1_dx, aom_codec_ctx_t, aom_codec_dec_cfg_t, aom_codec_dec_init_ver,
    aom_codec_destroy, aom_codec_enc_cfg_t, aom_codec_enc_init_ver, aom_codec_err_t,
    aom_codec_err_to_string, aom_codec_error, aom_codec_error_detail, aom_codec_flags_t,
};

/// An initialised encoder or decoder, destroyed when it goes out of scope.
pub(super) struct Codec {
    context: Box<aom_codec_ctx_t>,
}

impl Codec {
    pub(super) fn encoder(
        config: &aom_codec_enc_cfg_t,
        flags: aom_codec_flags_t,
    ) -> Result<Self, String> {
        let mut context = Box::new(MaybeUninit::<aom_codec_ctx_t>::zeroed());
        // SAFETY: the context is written by the call, which reads `config` and keeps no pointer to it beyond the
        // context's life: libaom copies an encoder's configuration.
        let status = unsafe {
            aom_codec_enc_init_ver(
                context.as_mut_ptr(),
                aom_codec_av1_cx(),
                config,
                flags,
                AOM_ENCODER_ABI_VERSION.cast_signed(),
            )
        };
        Self::started(context, status)
    }

    pub(super) fn decoder() -> Result<Self, String> {
        let config = aom_codec_dec_cfg_t {
            threads: 1,
            w: 0,
            h: 0,
            allow_lowbitdepth: 1,
        };
        let mut context = Box::new(MaybeUninit::<aom_codec_ctx_t>::zeroed());
        // SAFETY: the context is written by the call; the configuration is copied before it returns.
        let status = unsafe {
            aom_codec_dec_init_ver(
                context.as_mut_ptr(),
                aom_codec_av1_dx(),
                &raw const config,
                0,
                AOM_DECODER_ABI_VERSION.cast_signed(),
            )
        };
        Self::started(context, status)
    }

    fn started(
        context: Box<MaybeUninit<aom_codec_ctx_t>>,
        status: aom_codec_err_t,
    ) -> Result<Self, String> {
        if status == AOM_CODEC_OK {
            // SAFETY: libaom initialised the context; all zeroes were valid for its fields before.
            let context = unsafe { context.assume_init() };
            Ok(Self { context })
        } else {
            Err(name(status))
        }
    }

    pub(super) fn context(&mut self) -> *mut aom_codec_ctx_t {
        &raw mut *self.context
    }

    /// `Ok` for success, else libaom's words.
    pub(super) fn check(&mut self, status: aom_codec_err_t) -> Result<(), String> {
        if status == AOM_CODEC_OK {
            return Ok(());
        }
        // SAFETY: the context is initialised; both calls give null or a string that lives as long as the context.
        let detail = unsafe {
            let detail = aom_codec_error_detail(self.context());
            if detail.is_null() {
                aom_codec_error(self.context())
            } else {
                detail
            }
        };
        if detail.is_null() {
            return Err(name(status));
        }
        // SAFETY: not null, and ended by a zero as C strings are.
        Err(unsafe { CStr::from_ptr(detail) }
            .to_string_lossy()
            .into_owned())
    }
}

fn name(status: aom_codec_err_t) -> String {
    // SAFETY: gives a static string for any number.
    unsafe { CStr::from_ptr(aom_codec_err_to_string(status)) }
        .to_string_lossy()
        .into_owned()
}

impl Drop for Codec {
    fn drop(&mut self) {
        // SAFETY: the context was initialised and is destroyed once.
        unsafe { aom_codec_destroy(self.context()) };
    }
}
