//! Asking whether a server is there again, where no connection stands any more.
//!
//! To begin a handshake costs kilobytes each time. But a server answers a packet of a connection
//! that it has no longer by a stateless reset (RFC 9000, 10.3), which is shorter still than what it
//! answers. So the head of such a packet, and nothing in it, is a question of a few bytes. Who is
//! answered knows that there is a way, and begins a handshake. It says nothing of who answers: that
//! is the handshake's to prove.

use std::{
    collections::VecDeque,
    fmt,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError, Weak},
};

use quinn::{AsyncUdpSocket, udp::Transmit};
use tokio::sync::Notify;

/// Servers whose connections are remembered: the last ones.
const SERVERS: usize = 8;
/// A short header up to the longest connection id.
const HEAD: usize = 1 + 20;
/// As short as is sure to be answered: a server never answers by as much, and its answer has 22
/// bytes at least.
const LENGTH: usize = 43;

/// What a client's sockets saw of connections that stood, one socket after the other.
#[derive(Default)]
pub struct Knocks {
    state: Mutex<State>,
    answered: Notify,
}

#[derive(Default)]
struct State {
    socket: Option<Weak<dyn AsyncUdpSocket>>,
    /// Of the last packet to each server.
    heads: VecDeque<(SocketAddr, [u8; HEAD])>,
    asked: Option<SocketAddr>,
}

impl Knocks {
    /// Asks a server. `false`: there was no connection to it, so nothing was sent.
    pub fn knock(&self, to: SocketAddr) -> bool {
        let mut state = self.state();
        let known = state.heads.iter().find(|(of, _)| *of == to);
        let socket = state.socket.as_ref().and_then(Weak::upgrade);
        let (Some((_, head)), Some(socket)) = (known, socket) else { return false };
        let mut contents = [0; LENGTH];
        contents[..HEAD].copy_from_slice(head);
        state.asked = Some(to);
        drop(state);
        let transmit = Transmit {
            destination: to,
            ecn: None,
            contents: &contents,
            segment_size: None,
            src_ip: None,
        };
        // One that does not go out is as good as lost.
        let _ = socket.try_send(&transmit);
        true
    }

    /// Whether [`Self::knock`] would ask anything.
    pub fn knows(&self, server: SocketAddr) -> bool {
        self.state().heads.iter().any(|(of, _)| *of == server)
    }

    /// Something came of a server that was asked. Cancel safe, for one waiter; may be late.
    pub async fn answered(&self) {
        self.answered.notified().await;
    }

    /// Another socket is in use from now on.
    pub(crate) fn move_to(&self, socket: Weak<dyn AsyncUdpSocket>) {
        self.state().socket = Some(socket);
    }

    /// A datagram goes out.
    pub(crate) fn sent(&self, to: SocketAddr, datagram: &[u8]) {
        let Some(head) = datagram.first_chunk::<HEAD>().filter(|head| head[0] & 0x80 == 0) else {
            return;
        };
        let mut state = self.state();
        match state.heads.iter_mut().find(|(of, _)| *of == to) {
            Some((_, known)) => *known = *head,
            None => {
                if state.heads.len() == SERVERS {
                    state.heads.pop_front();
                }
                state.heads.push_back((to, *head));
            }
        }
    }

    /// A datagram came.
    pub(crate) fn heard(&self, from: SocketAddr) {
        if self.state().asked.take_if(|asked| *asked == from).is_some() {
            self.answered.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Knocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Knocks").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, IoSliceMut},
        pin::Pin,
        sync::Arc,
        task::{Context, Poll},
    };

    use quinn::{UdpPoller, udp::RecvMeta};

    use super::*;

    #[derive(Debug, Default)]
    struct Sent(Mutex<Vec<(SocketAddr, Vec<u8>)>>);

    impl AsyncUdpSocket for Sent {
        fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
            unreachable!("nobody waits to send")
        }

        fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
            let sent = (transmit.destination, transmit.contents.to_vec());
            self.0.lock().unwrap().push(sent);
            Ok(())
        }

        fn poll_recv(
            &self,
            _: &mut Context<'_>,
            _: &mut [IoSliceMut<'_>],
            _: &mut [RecvMeta],
        ) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            Ok(at(0))
        }
    }

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], port))
    }

    #[test]
    fn a_knock_begins_as_the_last_packet_to_that_server_did() {
        let knocks = Knocks::default();
        let sent = Arc::new(Sent::default());
        let socket: Arc<dyn AsyncUdpSocket> = sent.clone();
        knocks.move_to(Arc::downgrade(&socket));
        assert!(!knocks.knock(at(1)), "nobody is known");
        knocks.sent(at(1), &[0x40; 60]);
        knocks.sent(at(1), &[0x41; 60]);
        knocks.sent(at(1), &[0xC2; 1_200]);
        knocks.sent(at(1), &[0x43; 20]);
        assert!(knocks.knows(at(1)) && !knocks.knows(at(2)) && !knocks.knock(at(2)));
        assert!(knocks.knock(at(1)));
        let mut expected = vec![0x41; HEAD];
        expected.resize(LENGTH, 0);
        assert_eq!(*sent.0.lock().unwrap(), [(at(1), expected)]);
        drop((socket, sent));
        assert!(!knocks.knock(at(1)), "there is no socket");
    }

    #[tokio::test]
    async fn whatever_comes_of_the_server_that_was_asked_is_an_answer_and_one() {
        let knocks = Knocks::default();
        let socket: Arc<dyn AsyncUdpSocket> = Arc::new(Sent::default());
        knocks.move_to(Arc::downgrade(&socket));
        knocks.sent(at(1), &[0x40; 60]);
        let is_answered = || async {
            tokio::select! {
                biased;
                () = knocks.answered() => true,
                () = std::future::ready(()) => false,
            }
        };
        knocks.heard(at(1));
        assert!(!is_answered().await, "nobody asked");
        assert!(knocks.knock(at(1)));
        knocks.heard(at(2));
        assert!(!is_answered().await, "somebody else");
        knocks.heard(at(1));
        knocks.heard(at(1));
        assert!(is_answered().await);
        assert!(!is_answered().await);
    }

    #[test]
    fn no_more_servers_are_remembered_than_the_bound() {
        let knocks = Knocks::default();
        (1..100).for_each(|port| knocks.sent(at(port), &[0x40; 60]));
        assert!(!knocks.knows(at(1)) && knocks.knows(at(99)));
        assert_eq!(knocks.state().heads.len(), SERVERS);
    }
}
