//! Rows of an NPY file that is larger than the memory for it: read again at every pass.

use super::npy::Layout;
use shortfall::source::StoredRows;
use std::fs::File;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

/// Files that rows are read from while a problem lasts, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Why rows could not be read any more.
    trouble: OnceLock<String>,
    /// Each with its name in messages, and how it was.
    files: Mutex<Vec<(File, String, Stamp)>>,
}

/// Length and time of the last change.
type Stamp = (u64, Option<SystemTime>);

fn stamp(file: &File) -> Option<Stamp> {
    file.metadata().ok().map(|metadata| (metadata.len(), metadata.modified().ok()))
}

impl Watch {
    /// Keeps an eye on a file, from before it is read.
    pub(super) fn keep(&self, file: File, shown: &str) {
        if let Some(stamp) = stamp(&file) {
            self.files.lock().unwrap_or_else(PoisonError::into_inner).push((file, shown.to_owned(), stamp));
        }
    }

    /// What went wrong, if anything did.
    pub(super) fn trouble(&self) -> Option<String> {
        let changed = || {
            let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            let changed = files.iter().find(|(file, _, before)| stamp(file).as_ref() != Some(before));
            changed.map(|(_, shown, _)| format!("{shown}: the file was changed while its rows were in use"))
        };
        self.trouble.get().cloned().or_else(changed)
    }
}

/// The features of every row of a matrix in a file; its target is passed over.
#[derive(Debug)]
pub(super) struct NpyRows {
    file: File,
    /// Its name in messages.
    shown: String,
    layout: Layout,
    rows: usize,
    /// With the target.
    columns: usize,
    target: usize,
    watch: Arc<Watch>,
    /// Bytes of rows, for whoever reads next.
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl NpyRows {
    pub(super) fn new(
        (file, shown): (File, &str),
        layout: Layout,
        [rows, columns]: [usize; 2],
        target: usize,
        watch: Arc<Watch>,
    ) -> Self {
        Self { file, shown: shown.to_owned(), layout, rows, columns, target, watch, buffers: Mutex::default() }
    }

    fn buffers(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], from: u64) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, from)
    }

    #[cfg(not(unix))]
    fn read_at(&self, bytes: &mut [u8], from: u64) -> std::io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        // One at a time: the place in the file is shared.
        let _place = self.buffers();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(bytes)
    }
}

impl StoredRows for NpyRows {
    fn count(&self) -> usize {
        self.rows
    }

    fn read(&self, from: usize, rows: &mut [f64]) {
        let width = self.columns * self.layout.size();
        let mut bytes = self.buffers().pop().unwrap_or_default();
        bytes.resize(rows.len() / (self.columns - 1) * width, 0);
        let read = self.read_at(&mut bytes, self.layout.offset + (from * width) as u64);
        if let Err(error) = read {
            self.watch
                .trouble
                .get_or_init(|| format!("{}: row {from} (from 0) cannot be read any more: {error}", self.shown));
            rows.fill(f64::NAN);
        } else {
            let target = self.target * self.layout.size();
            for (row, bytes) in rows.chunks_exact_mut(self.columns - 1).zip(bytes.chunks_exact_mut(width)) {
                let (before, after) = row.split_at_mut(self.target);
                let (left, right) = bytes.split_at_mut(target);
                self.layout.numbers(left, before);
                self.layout.numbers(&mut right[self.layout.size()..], after);
            }
        }
        self.buffers().push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Library;
    use crate::experiment::{Experiment, Request};
    use crate::pool::Pool;
    use shortfall::source::{DataSource, Features, TableRequest, Unlimited};
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::sync::Arc;

    /// Bytes of an NPY file.
    fn npy(descr: &str, rows: usize, columns: usize, entry: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
        let mut header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}").into_bytes();
        header.resize(117, b' ');
        header.push(b'\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header);
        (0..rows * columns).for_each(|k| bytes.extend(entry(k)));
        bytes
    }

    /// The bytes of an entry.
    type Entry<'a> = &'a dyn Fn(usize) -> Vec<u8>;

    fn library(memory: u64) -> Library {
        Library::with(Arc::new(Unlimited), Some(memory))
    }

    #[test]
    fn rows_in_the_file_are_those_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let (rows, columns) = (23, 5);
        let value = |k: usize| if k % 11 == 3 { -0.0 } else { (k as f64 * 0.7).sin() * 100.0 };
        let layouts: [(&str, Entry); 4] = [
            ("<f8", &|k| value(k).to_le_bytes().to_vec()),
            (">f8", &|k| value(k).to_be_bytes().to_vec()),
            ("<f4", &|k| (value(k) as f32).to_le_bytes().to_vec()),
            (">i2", &|k| (value(k) as i16).to_be_bytes().to_vec()),
        ];
        for (descr, entry) in layouts {
            std::fs::write(&path, npy(descr, rows, columns, entry)).unwrap();
            for target in [None, Some("0"), Some("2")] {
                let request = TableRequest { data: path.to_str().unwrap(), target, delimiter: None };
                let (held, stored) = (library(1 << 30).table(&request).unwrap(), library(0).table(&request).unwrap());
                assert_eq!(
                    (held.columns, held.target, held.labels),
                    (stored.columns, stored.target, stored.labels),
                    "{descr}"
                );
                let (Features::Dense(entries), Features::Stored(source)) = (held.features, stored.features) else {
                    panic!("one held, one stored")
                };
                assert_eq!(source.count(), rows);
                for (from, to) in [(0, rows), (7, 8), (11, 23)] {
                    let mut read = vec![f64::NAN; (to - from) * (columns - 1)];
                    source.read(from, &mut read);
                    let held = &entries[from * (columns - 1)..to * (columns - 1)];
                    assert!(
                        read.iter().zip(held).all(|(a, b)| a.to_bits() == b.to_bits()),
                        "{descr} {target:?} {from}"
                    );
                }
            }
        }
        std::fs::write(&path, npy("<f8", 3, 2, |k| if k == 4 { f64::NAN } else { 1.0 }.to_le_bytes().to_vec()))
            .unwrap();
        let request = TableRequest { data: path.to_str().unwrap(), target: None, delimiter: None };
        let message = library(0).table(&request).unwrap_err().message;
        assert!(message.contains("row 2, column 0"), "{message}");
    }

    fn request(path: &Path, memory: u64) -> Request {
        let problem = format!("logistic{{data=\"{}\",ridge=0.1}}", path.display());
        Request { library: library(memory), steps: 40, ..Request::new(&problem, "sam{eta=0.5,rho=0.1}") }
    }

    #[test]
    fn a_run_gives_the_same_bits_and_one_on_a_file_that_was_cut_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let entry = |k: usize| if k % 4 == 3 { (k / 4 % 2) as f64 } else { (k as f64 * 0.7).sin() };
        std::fs::write(&path, npy("<f8", 300, 4, |k| entry(k).to_le_bytes().to_vec())).unwrap();
        let pool = Pool::new(Some(1)).unwrap();
        let go_on = &mut |_| ControlFlow::Continue(());
        let made = [1 << 30, 0].map(|memory| {
            let experiment = Experiment::prepare(request(&path, memory)).unwrap();
            let about = experiment.problem().about();
            assert_eq!(about.contains("read from their file"), memory == 0, "{about}");
            let run = experiment.run(&pool, None, go_on).unwrap().run;
            (run.lanes, format!("{:?} {:?}", experiment.constants, experiment.minimum))
        });
        assert_eq!(made[0], made[1]);
        let experiment = Experiment::prepare(request(&path, 0)).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(5000).unwrap();
        let message = experiment.run(&pool, None, go_on).err().expect("the rows are gone").message;
        assert!(message.contains("a.npy") && message.contains("cannot be read any more"), "{message}");
        let whole = npy("<f8", 300, 4, |k| entry(k).to_le_bytes().to_vec());
        std::fs::write(&path, &whole).unwrap();
        let experiment = Experiment::prepare(request(&path, 0)).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let message = experiment.run(&pool, None, go_on).err().expect("another table, perhaps").message;
        assert!(message.contains("was changed"), "{message}");
    }
}
