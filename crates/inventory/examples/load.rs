//! A busy host to measure on: processes, listeners and connections, all on loopback.
//!
//! `load [PROCESSES] [LISTENERS] [CONNECTIONS]` (1000, 200 and 4000 unless given) starts copies of itself,
//! says `ready`, and ends with all of them when its standard input does.
#![expect(clippy::print_stdout, reason = "says when it is ready")]
#![expect(clippy::disallowed_methods, reason = "starts the processes that are to be found")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// Listeners of one server, connections of one client.
const LISTENERS_EACH: usize = 4;
const CONNECTIONS_EACH: usize = 400;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("idle") => until_the_end(),
        Some("serve") => serve(),
        Some("connect") => connect(&args),
        _ => host(&args),
    }
}

/// The end of the common input is the end of all.
fn until_the_end() -> io::Result<()> {
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

fn host(args: &[String]) -> io::Result<()> {
    let number =
        |at: usize, usual: usize| args.get(at).and_then(|arg| arg.parse().ok()).unwrap_or(usual);
    let (processes, listeners, connections) = (number(0, 1000), number(1, 200), number(2, 4000));
    // Every child waits on the same pipe, whose other end only this process holds.
    let (input, _open) = io::pipe()?;
    let mut children = Vec::new();
    let mut ports = Vec::new();
    for _ in 0..listeners.div_ceil(LISTENERS_EACH) {
        let mut child = start(&input, &["serve".to_owned()])?;
        let mut lines =
            BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).lines();
        let line = lines.next().ok_or(io::ErrorKind::BrokenPipe)??;
        ports.extend(line.split(' ').map(str::to_owned));
        children.push(child);
    }
    for _ in 0..connections.div_ceil(CONNECTIONS_EACH) {
        let mut args = vec!["connect".to_owned()];
        args.extend(ports.iter().cloned());
        let mut child = start(&input, &args)?;
        let mut lines =
            BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).lines();
        lines.next().ok_or(io::ErrorKind::BrokenPipe)??;
        children.push(child);
    }
    while children.len() < processes {
        let args = ["idle".to_owned(), format!("--worker={}", children.len())];
        children.push(start(&input, &args)?);
    }
    println!("ready");
    until_the_end()?;
    for mut child in children {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
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
