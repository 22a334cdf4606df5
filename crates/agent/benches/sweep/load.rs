//! A busy host to measure on: processes, listeners and connections, all on loopback.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// Listeners of one server, connections of one client.
const LISTENERS_EACH: usize = 4;
const CONNECTIONS_EACH: usize = 400;

/// How much there is of each.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) processes: usize,
    pub(crate) listeners: usize,
    pub(crate) connections: usize,
}

/// What this program does when it is one of the processes of a load.
pub(crate) fn part(args: &[String]) -> Option<io::Result<()>> {
    match args.first().map(String::as_str) {
        Some("idle") => Some(until_the_end()),
        Some("serve") => Some(serve()),
        Some("connect") => Some(connect(args)),
        _ => None,
    }
}

/// Copies of this program under way; they end with it.
pub(crate) struct Load {
    children: Vec<Child>,
    _open: io::PipeWriter,
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The end of the common input is the end of all.
pub(crate) fn until_the_end() -> io::Result<()> {
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

pub(crate) fn begin(size: Size) -> io::Result<Load> {
    // Every child waits on the same pipe, whose other end only this process holds.
    let (input, open) = io::pipe()?;
    let mut load = Load { children: Vec::new(), _open: open };
    let mut ports = Vec::new();
    for _ in 0..size.listeners.div_ceil(LISTENERS_EACH) {
        let line = load.start(&input, &["serve".to_owned()])?;
        ports.extend(line.split(' ').map(str::to_owned));
    }
    for _ in 0..size.connections.div_ceil(CONNECTIONS_EACH) {
        let mut args = vec!["connect".to_owned()];
        args.extend(ports.iter().cloned());
        load.start(&input, &args)?;
    }
    while load.children.len() < size.processes {
        let args = ["idle".to_owned(), format!("--worker={}", load.children.len())];
        load.children.push(start(&input, &args)?);
    }
    Ok(load)
}

impl Load {
    /// Starts a copy and waits for what it says.
    fn start(&mut self, input: &io::PipeReader, args: &[String]) -> io::Result<String> {
        let mut child = start(input, args)?;
        let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        self.children.push(child);
        BufReader::new(out).lines().next().ok_or(io::ErrorKind::BrokenPipe)?
    }
}

fn start(input: &io::PipeReader, args: &[String]) -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(args)
        .stdin(Stdio::from(input.try_clone()?))
        .stdout(Stdio::piped())
        .spawn()
}

/// Opens listeners, tells their ports, and keeps whatever connects.
fn serve() -> io::Result<()> {
    let listeners = (0..LISTENERS_EACH)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<io::Result<Vec<_>>>()?;
    let ports = listeners.iter().map(|listener| Ok(listener.local_addr()?.port().to_string()));
    println!("{}", ports.collect::<io::Result<Vec<_>>>()?.join(" "));
    io::stdout().flush()?;
    for listener in listeners {
        std::thread::spawn(move || {
            let kept: Vec<_> = listener.incoming().collect();
            drop(kept);
        });
    }
    until_the_end()
}

/// Connects to the ports in turn and holds on.
fn connect(args: &[String]) -> io::Result<()> {
    let ports = args.iter().skip(1).filter_map(|port| port.parse::<u16>().ok());
    let ports: Vec<u16> = ports.collect();
    let kept = ports
        .iter()
        .cycle()
        .take(CONNECTIONS_EACH)
        .map(|&port| TcpStream::connect(("127.0.0.1", port)))
        .collect::<io::Result<Vec<_>>>()?;
    println!("{}", kept.len());
    io::stdout().flush()?;
    until_the_end()
}
