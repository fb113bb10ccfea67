//! Memory that is free is given back to the system.

/// Gives back what was freed and is only kept for later: after a piece of work that took far more than the hours around it.
///
/// glibc keeps freed memory for as long as something stands behind it, so that a process stays as large as it ever was. A few
/// milliseconds; other threads may wait that long for memory. Does nothing with other C libraries.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "no crate wraps it")]
    // SAFETY: malloc_trim(3) asks nothing of its caller and touches no memory that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
