//! The kernel's news of processes by netlink (`linux/connector.h`, `linux/cn_proc.h`). Numbers are in the machine's own
//! byte order.

const NETLINK_HEADER: usize = 16;
const CONNECTOR_HEADER: usize = 20;
/// What the data of an event begins at: its kind, the processor, the time.
const EVENT_HEADER: usize = 16;
const NLMSG_DONE: u16 = 3;
/// `CN_IDX_PROC` and `CN_VAL_PROC`; the first is also the multicast group.
const PROCESSES: u32 = 1;
const LISTEN: u32 = 1;

/// Kinds of events, as [`WHAT_AT`] has them.
pub const ACKNOWLEDGED: u32 = 0;
/// A process or a thread was made.
pub const FORK: u32 = 1;
/// Another program is run.
pub const EXEC: u32 = 2;
/// A process or a thread ended.
pub const EXIT: u32 = 0x8000_0000;

/// The multicast group of these news.
pub const GROUP: u32 = PROCESSES;

/// Where in a datagram of one message its kind of event is, bytes.
pub const WHAT_AT: u32 = 36;
/// Likewise the number of the thread that was made, and after it that of its process.
pub const BORN_AT: u32 = DATA_AT + 8;
/// Likewise of one that ended.
pub const GONE_AT: u32 = DATA_AT;
const DATA_AT: u32 = WHAT_AT + 16;

/// One piece of news. Threads are passed over: only what is of whole processes is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The kernel took note of a request. Everybody hears of everybody's.
    Acknowledged {
        /// The number of the request.
        request: u32,
        /// 0, or the error number it refused with.
        error: u32,
    },
    /// A process was made of another one.
    Fork {
        /// The new one.
        pid: u32,
        /// The one that made it.
        parent: u32,
    },
    /// A process runs another program.
    Exec {
        /// Which.
        pid: u32,
    },
    /// A process ended.
    Exit {
        /// Which.
        pid: u32,
    },
}

/// The request to be told, by a number of one's own choice.
pub fn request(number: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(40);
    out.extend(40u32.to_ne_bytes());
    out.extend(NLMSG_DONE.to_ne_bytes());
    out.extend([0; 10]);
    out.extend(PROCESSES.to_ne_bytes());
    out.extend(PROCESSES.to_ne_bytes());
    // The number it is answered by is one more than this; the one before it is always the kernel's own.
    out.extend([0; 4]);
    out.extend(number.wrapping_sub(1).to_ne_bytes());
    out.extend(4u16.to_ne_bytes());
    out.extend([0; 2]);
    out.extend(LISTEN.to_ne_bytes());
    out
}

/// Reads one datagram. What is not understood is passed over.
pub fn events(datagram: &[u8], each: &mut dyn FnMut(Event)) {
    let mut rest = datagram;
    while let Some(length) = u32_at(rest, 0).and_then(|length| usize::try_from(length).ok()) {
        let Some(message) = rest.get(..length).filter(|_| length >= NETLINK_HEADER) else { return };
        if let Some(event) = event(message) {
            each(event);
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
}

fn event(message: &[u8]) -> Option<Event> {
    let connector = message.get(NETLINK_HEADER..)?;
    if u32_at(connector, 0)? != PROCESSES || u32_at(connector, 4)? != PROCESSES {
        return None;
    }
    let event = connector.get(CONNECTOR_HEADER..)?;
    let data = event.get(EVENT_HEADER..)?;
    // Number of the thread, number of the process: the first thread has that of the process.
    let whole = |at: usize| {
        let (thread, process) = (u32_at(data, at)?, u32_at(data, at + 4)?);
        (thread == process).then_some(process)
    };
    Some(match u32_at(event, 0)? {
        ACKNOWLEDGED => {
            Event::Acknowledged { request: u32_at(connector, 12)?, error: u32_at(data, 0)? }
        }
        FORK => Event::Fork { pid: whole(8)?, parent: u32_at(data, 4)? },
        // Whichever thread executes becomes the first.
        EXEC => Event::Exec { pid: u32_at(data, 4)? },
        EXIT => Event::Exit { pid: whole(0)? },
        _ => return None,
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(what: u32, data: &[u32]) -> Vec<u8> {
        let length = NETLINK_HEADER + CONNECTOR_HEADER + EVENT_HEADER + data.len() * 4;
        let mut out = Vec::new();
        out.extend(u32::try_from(length).unwrap().to_ne_bytes());
        out.extend(NLMSG_DONE.to_ne_bytes());
        out.extend([0; 10]);
        out.extend(PROCESSES.to_ne_bytes());
        out.extend(PROCESSES.to_ne_bytes());
        out.extend([0; 12]);
        out.extend(what.to_ne_bytes());
        out.extend([0; 12]);
        data.iter().for_each(|word| out.extend(word.to_ne_bytes()));
        out
    }

    fn read(datagram: &[u8]) -> Vec<Event> {
        let mut found = Vec::new();
        events(datagram, &mut |event| found.push(event));
        found
    }

    #[test]
    fn processes_are_told_and_threads_are_not() {
        let datagram = [
            message(FORK, &[1, 1, 7, 7]),
            message(FORK, &[7, 7, 8, 7]),
            message(EXEC, &[7, 7]),
            message(0x200, &[7, 7, 0, 0, 0, 0]),
            message(EXIT, &[8, 7, 0, 17, 1, 1]),
            message(EXIT, &[7, 7, 0, 17, 1, 1]),
        ]
        .concat();
        let told =
            [Event::Fork { pid: 7, parent: 1 }, Event::Exec { pid: 7 }, Event::Exit { pid: 7 }];
        assert_eq!(read(&datagram), told);
        let mut answer = message(ACKNOWLEDGED, &[1]);
        answer[NETLINK_HEADER + 12] = 9;
        let number = u32::from_ne_bytes([9, 0, 0, 0]);
        assert_eq!(read(&answer), [Event::Acknowledged { request: number, error: 1 }]);
    }

    #[test]
    fn everything_lies_where_it_is_said_to() {
        let at = |datagram: &[u8], at: u32| u32_at(datagram, usize::try_from(at).unwrap());
        let born = message(FORK, &[5, 6, 7, 8]);
        assert_eq!(at(&born, WHAT_AT), Some(FORK));
        assert_eq!((at(&born, BORN_AT), at(&born, BORN_AT + 4)), (Some(7), Some(8)));
        let gone = message(EXIT, &[7, 8]);
        assert_eq!((at(&gone, GONE_AT), at(&gone, GONE_AT + 4)), (Some(7), Some(8)));
    }

    #[test]
    fn damaged_news_are_none() {
        let whole = message(FORK, &[1, 1, 7, 7]);
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), [], "{length} bytes");
        }
        let mut other = whole;
        other[NETLINK_HEADER] = 9;
        assert_eq!(read(&other), []);
    }

    proptest! {
        #[test]
        fn any_datagram_is_survived(bytes: Vec<u8>) {
            read(&bytes);
        }
    }
}
