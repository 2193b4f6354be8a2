// SPDX-License-Identifier: MIT
//! channels.rs - a static Rust program: threads, channels, locks, time, files, processes, Unix sockets, panics.
//! It prints only what is the same in each run.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, sync_channel, RecvTimeoutError};
use std::sync::{Arc, Barrier, Condvar, Mutex, Once, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

fn channels() {
    let (results, sums) = channel();
    let mut inputs = Vec::new();
    for _ in 0..16 {
        let (input, work) = sync_channel::<u64>(4);
        inputs.push(input);
        let results = results.clone();
        thread::spawn(move || {
            for n in work {
                results.send(n * n).unwrap();
            }
        });
    }
    drop(results);
    let feeder = thread::spawn(move || {
        for n in 0..5000u64 {
            inputs[n as usize % 16].send(n).unwrap();
        }
    });
    println!("channels {}", sums.iter().sum::<u64>());
    feeder.join().unwrap();
    let (keep, nothing) = channel::<()>();
    let start = Instant::now();
    let late = nothing.recv_timeout(Duration::from_millis(30)) == Err(RecvTimeoutError::Timeout);
    println!("timeout {} {}", late, start.elapsed() >= Duration::from_millis(30));
    drop(keep);
    println!("{:?}", nothing.recv());
}

fn locks() {
    static ONCE: Once = Once::new();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let map = Arc::new(RwLock::new(BTreeMap::new()));
    let turn = Arc::new((Mutex::new(0), Condvar::new()));
    let barrier = Arc::new(Barrier::new(32));
    let threads: Vec<_> = (0..32)
        .map(|i| {
            let (map, turn, barrier) = (map.clone(), turn.clone(), barrier.clone());
            thread::Builder::new()
                .name(format!("t{}", i))
                .stack_size(64 << 10)
                .spawn(move || {
                    ONCE.call_once(|| {
                        RUNS.fetch_add(1, Ordering::SeqCst);
                    });
                    let leader = barrier.wait().is_leader();
                    // One after the other, by their numbers.
                    let mut now = turn.1.wait_while(turn.0.lock().unwrap(), |now| *now != i).unwrap();
                    map.write().unwrap().insert(i, thread::current().name().unwrap().len());
                    *now += 1;
                    turn.1.notify_all();
                    leader
                })
                .unwrap()
        })
        .collect();
    let leaders = threads.into_iter().filter(|_| true).map(|t| t.join().unwrap()).filter(|l| *l).count();
    let map = map.read().unwrap();
    println!("locks {} {} {} {}", leaders, RUNS.load(Ordering::SeqCst), map.len(), map.values().sum::<usize>());
    let mut parts = vec![0u32; 8];
    thread::scope(|s| {
        for (i, p) in parts.iter_mut().enumerate() {
            s.spawn(move || *p = i as u32 * 2);
        }
    });
    println!("{:?} {}", parts, thread::available_parallelism().unwrap().get() > 0);
    let poisoned = Arc::new(Mutex::new(0));
    let other = poisoned.clone();
    std::panic::set_hook(Box::new(|_| {}));
    let dead = thread::spawn(move || {
        let _held = other.lock().unwrap();
        panic!("in a thread");
    })
    .join();
    let _ = std::panic::take_hook();
    println!("{} {}", dead.is_err(), poisoned.is_poisoned());
}

fn files() -> io::Result<()> {
    let dir = std::env::temp_dir().join(format!("rust{}", std::process::id()));
    fs::create_dir_all(dir.join("a/b"))?;
    let mut f = OpenOptions::new().read(true).write(true).create_new(true).open(dir.join("a/f"))?;
    for i in 0..1000 {
        writeln!(f, "line {}", i)?;
    }
    f.seek(SeekFrom::Start(5))?;
    let first: String = BufReader::new(&f).lines().next().unwrap()?;
    println!("files {} {} {}", first, f.metadata()?.len(), BufReader::new(File::open(dir.join("a/f"))?).lines().count());
    fs::copy(dir.join("a/f"), dir.join("a/g"))?;
    fs::rename(dir.join("a/g"), dir.join("a/b/g"))?;
    fs::hard_link(dir.join("a/f"), dir.join("h"))?;
    std::os::unix::fs::symlink("a/f", dir.join("s"))?;
    let mut names: Vec<_> = fs::read_dir(&dir)?.map(|e| e.unwrap().file_name()).collect();
    names.sort();
    println!("{:?} {:?}", names, fs::read_link(dir.join("s"))?);
    println!("{:?}", fs::remove_dir(dir.join("a")).unwrap_err().raw_os_error());
    println!("{:?}", File::open(dir.join("none")).unwrap_err().kind());
    println!("{}", f.metadata()?.modified()? <= SystemTime::now() + Duration::from_secs(1));
    fs::remove_dir_all(&dir)?;
    println!("{}", dir.exists());
    Ok(())
}

fn processes() -> io::Result<()> {
    let mut sort = Command::new("sort").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    sort.stdin.take().unwrap().write_all(b"c\na\nb\n")?;
    println!("{:?}", String::from_utf8(sort.wait_with_output()?.stdout));
    let all: Vec<_> = (0..10)
        .map(|i| thread::spawn(move || Command::new("sh").arg("-c").arg(format!("exit {}", i)).status().unwrap().code()))
        .collect();
    println!("{:?}", all.into_iter().map(|t| t.join().unwrap().unwrap()).collect::<Vec<_>>());
    let mut sleeper = Command::new("sleep").arg("20").spawn()?;
    sleeper.kill()?;
    println!("{} {:?}", sleeper.wait()?, Command::new("/nothing").spawn().err().map(|e| e.kind()));
    let out = Command::new("env").env_clear().env("A", "b").current_dir("/").output()?;
    println!("{:?} {}", String::from_utf8_lossy(&out.stdout), out.status);
    Ok(())
}

fn sockets() -> io::Result<()> {
    let path = std::env::temp_dir().join(format!("rust{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path)?;
    let server = thread::spawn(move || {
        for _ in 0..10 {
            let (mut conn, _) = listener.accept().unwrap();
            thread::spawn(move || io::copy(&mut conn.try_clone().unwrap(), &mut conn));
        }
    });
    let total: usize = (0..10)
        .map(|i| {
            let mut s = UnixStream::connect(&path).unwrap();
            s.write_all(&vec![i as u8; 10000]).unwrap();
            s.shutdown(std::net::Shutdown::Write).unwrap();
            let mut back = Vec::new();
            s.read_to_end(&mut back).unwrap()
        })
        .sum();
    server.join().unwrap();
    fs::remove_file(&path)?;
    let (mut a, b) = UnixStream::pair()?;
    b.set_read_timeout(Some(Duration::from_millis(20)))?;
    let late = (&b).read(&mut [0; 4]).unwrap_err().kind();
    a.write_all(b"pair")?;
    let mut buffer = [0; 4];
    (&b).read_exact(&mut buffer)?;
    println!("sockets {} {:?} {:?}", total, late, buffer);
    Ok(())
}

fn time() {
    let start = Instant::now();
    thread::sleep(Duration::from_millis(40));
    let slept = start.elapsed();
    let mut last = Instant::now();
    for _ in 0..10000 {
        let now = Instant::now();
        assert!(now >= last);
        last = now;
    }
    println!("time {} {}", slept >= Duration::from_millis(40), slept < Duration::from_secs(20));
    println!("{}", SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() > 1_000_000_000);
    thread::park_timeout(Duration::from_millis(5));
    let parked = thread::spawn(thread::park);
    parked.thread().unpark();
    parked.join().unwrap();
}

#[allow(unconditional_recursion)]
fn overflow(n: u64) -> u64 {
    let array = [n; 100];
    overflow(n + 1) + array[n as usize % 100]
}

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("panic") => panic!("{:?}", "asked for"),
        Some("overflow") => println!("{}", overflow(0)),
        Some("abort") => std::process::abort(),
        Some("pipe") => {
            while writeln!(io::stdout(), "line").is_ok() {}
            std::process::exit(3);
        }
        _ => (),
    }
    channels();
    locks();
    files()?;
    processes()?;
    sockets()?;
    time();
    Ok(())
}
