use std::{
    fs, io,
    os::{
        fd::AsRawFd as _,
        unix::{
            ffi::OsStrExt as _,
            fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink},
        },
    },
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};
use tracing::warn;

/// The socket's name in its folder.
const NAME: &str = "control.sock";

/// What is made under this name and then renamed is there whole or not at all.
const NEW: &str = ".control.sock.new";

/// The longest path that fits an address (`sun_path` of unix(7), with its final zero).
const LONGEST: usize = 107;

/// Where the newsdesk that has this store open can be asked: the socket itself, or a link to it.
pub fn socket_of(store: &Path) -> PathBuf {
    store.join(NAME)
}

/// Why no commands can be taken.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("cannot listen for commands on {path}: {cause}")]
    Listen { path: PathBuf, cause: io::Error },
    #[error("cannot listen for commands on {path}: something else has that name; move it away and restart")]
    NotASocket { path: PathBuf },
}

/// A socket that is listened on, removed when this is dropped.
#[derive(Debug)]
pub struct Socket {
    pub(super) listener: UnixListener,
    pub(super) files: Files,
}

/// Listens for commands: in the runtime directory where there is one, with a link to it from the store's folder, else in the
/// store's folder. Whatever an earlier newsdesk left there is replaced, so that only who holds the store's lock may call this.
///
/// # Errors
/// The folder cannot be written, or something that is no socket stands in the way.
pub async fn listen(store: &Path, runtime_directory: Option<&Path>) -> Result<Socket, SocketError> {
    let known_as = socket_of(store);
    let Some(directory) = runtime_directory else { return Socket::at(known_as) };
    let path = directory.join(NAME);
    // The lock is the store's: that nobody else uses the runtime directory takes asking.
    if connect(&path).await.is_ok() {
        warn!(
            "another newsdesk takes commands on {}, so this one does on {}; give each unit a RuntimeDirectory of its own",
            path.display(),
            known_as.display()
        );
        return Socket::at(known_as);
    }
    let mut socket = match Socket::at(path.clone()) {
        Ok(socket) => socket,
        Err(error) => {
            warn!("{error}; taking commands on {} instead", known_as.display());
            return Socket::at(known_as);
        }
    };
    if let Err(cause) = socket.files.put(&known_as, |new| symlink(&path, new)) {
        warn!(
            "commands will not find {}: the link {} to it cannot be made: {cause}",
            path.display(),
            known_as.display()
        );
    }
    Ok(socket)
}

impl Socket {
    fn at(path: PathBuf) -> Result<Self, SocketError> {
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.file_type().is_socket() && !found.file_type().is_symlink() => {
                return Err(SocketError::NotASocket { path });
            }
            _ => {}
        }
        let mut files = Files::default();
        let mut listener = None;
        let bound = files.put(&path, |new| {
            let socket = {
                let short = ShortPath::of(new)?;
                UnixListener::bind(&short.path)?
            };
            fs::set_permissions(new, fs::Permissions::from_mode(0o600))?;
            listener = Some(socket);
            Ok(())
        });
        match (bound, listener) {
            (Ok(()), Some(listener)) => Ok(Self { listener, files }),
            (Err(cause), _) => Err(SocketError::Listen { path, cause }),
            (Ok(()), None) => Err(SocketError::Listen { path, cause: io::ErrorKind::Other.into() }),
        }
    }
}

/// Files that we made and remove again, if they are still those.
#[derive(Debug, Default)]
pub(super) struct Files(Vec<(PathBuf, (u64, u64))>);

impl Files {
    /// Makes a file under another name and moves it into place, over whatever is there.
    fn put(&mut self, path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        let new = path.with_file_name(NEW);
        remove(&new)?;
        make(&new)?;
        let identity = identity(&new)?;
        if let Err(error) = fs::rename(&new, path) {
            let _ = remove(&new);
            return Err(error);
        }
        self.0.push((path.to_owned(), identity));
        Ok(())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for (path, made) in &self.0 {
            if identity(path).is_ok_and(|found| found == *made) {
                // A socket that stays is harmless: nobody answers there, and the next start replaces it.
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Connects. A local socket is connected at once, or not at all.
pub(super) async fn connect(path: &Path) -> io::Result<UnixStream> {
    let short = ShortPath::of(path)?;
    UnixStream::connect(&short.path).await
}

/// A path that fits an address: the path itself, or the same file by way of its opened folder.
struct ShortPath {
    path: PathBuf,
    _folder: Option<fs::File>,
}

impl ShortPath {
    fn of(path: &Path) -> io::Result<Self> {
        if path.as_os_str().as_bytes().len() <= LONGEST {
            return Ok(Self { path: path.to_owned(), _folder: None });
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let folder = fs::File::open(folder)?;
        let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
        Ok(Self { path, _folder: Some(folder) })
    }
}
