import Glibc
import OpenSSLKit

/// The sockets of a server that is about to start: all of them, or none.
struct OpenListeners {
  private(set) var sockets: [(descriptor: Int32, tls: TLSContext?)] = []
  private(set) var unixPaths: [String] = []

  init(_ places: [HTTPServer.Place]) throws(ListenFailure) {
    do throws(ListenFailure) {
      for place in places { try open(place) }
    } catch {
      closeAll()
      throw error
    }
  }

  var addresses: [PeerAddress] { sockets.map { ListeningSocket.localAddress($0.descriptor) } }

  func closeAll() {
    for socket in sockets { close(socket.descriptor) }
    for path in unixPaths { unlink(path) }
  }

  private mutating func open(_ place: HTTPServer.Place) throws(ListenFailure) {
    switch place {
    case .tcp(let host, let port, let tls):
      sockets += try ListeningSocket.openTCP(host: host, port: port).map { ($0, tls) }
    case .unix(let path):
      sockets.append((try ListeningSocket.openUnix(path: path), nil))
      unixPaths.append(path)
    }
  }
}
