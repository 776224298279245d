import CLinux
import Glibc
import Testing

@testable import Wire

extension Sockets {
  struct ListenerTests {
    @Test func unixSocketServesItsOwnerOnly() async throws {
      let folder = try TemporaryFolder()
      let path = "\(folder.path)/control.sock"
      let handler = ClosureHandler { request, _ in
        Response(status: 200, body: .bytes(Array("\(request.peer)".utf8)))
      }
      let server = try HTTPServer(configuration: .init(listeners: [.unix(path: path)], loops: 1), handler: handler)
      try await onThread {
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let client = try RawClient(unixPath: path)
        try client.send(get("/"))
        #expect(try client.readAnswer().text == "local")
      }
      await server.stop(within: .zero)
      #expect(access(path, F_OK) != 0)
    }

    @Test func deadUnixSocketIsReplacedAndALiveOneIsNot() async throws {
      let folder = try TemporaryFolder()
      let path = "\(folder.path)/control.sock"
      let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      #expect(try #require(SocketAddress(unixPath: path)).withPointer { bind(dead, $0, $1) } == 0)
      close(dead)
      let configuration = HTTPServer.Configuration(listeners: [.unix(path: path)], loops: 1)
      let server = try HTTPServer(configuration: configuration, handler: ClosureHandler.echo())
      #expect(throws: ListenFailure.self) {
        try HTTPServer(configuration: configuration, handler: ClosureHandler.echo())
      }
      await server.stop(within: .zero)
    }

    @Test func fileInTheWayOfAUnixSocketIsLeftAlone() throws {
      let folder = try TemporaryFolder()
      let path = "\(folder.path)/control.sock"
      close(open(path, O_CREAT | O_WRONLY, 0o600))
      #expect(throws: ListenFailure.self) {
        try HTTPServer(configuration: .init(listeners: [.unix(path: path)]), handler: ClosureHandler.echo())
      }
      #expect(access(path, F_OK) == 0)
    }

    @Test func bothFamiliesAreServedAndNameTheirPeers() async throws {
      let handler = ClosureHandler { request, _ in
        Response(status: 200, body: .bytes(Array("\(request.peer)".utf8)))
      }
      let server = try HTTPServer(
        configuration: .init(listeners: [.tcp(host: "127.0.0.1", port: 0), .tcp(host: "::1", port: 0)]),
        handler: handler)
      let places = server.addresses
      try await onThread {
        for (place, start) in zip(places, ["127.0.0.1:", "[::1]:"]) {
          let client = try RawClient(place)
          try client.send(get("/"))
          #expect(try client.readAnswer().text.hasPrefix(start))
        }
      }
      await server.stop(within: .zero)
    }

    @Test func stoppedServersLeaveNoDescriptorBehind() async {
      // In a process of its own: the descriptors that are counted are the process's.
      await #expect(processExitsWith: .success) {
        let before = openDescriptorCount()
        for _ in 0..<3 {
          try await serving(ClosureHandler.echo(), loops: 4) { _, place in
            let client = try RawClient(place)
            try client.send(get("/"))
            #expect(try client.readAnswer().status == 200)
          }
        }
        #expect(eventually { openDescriptorCount() <= before })
      }
    }

    @Test func portThatIsTakenIsExplainedAndNothingStaysOpen() async {
      // In a process of its own: the descriptors that are counted are the process's.
      await #expect(processExitsWith: .success) {
        let before = openDescriptorCount()
        try await serving(ClosureHandler.echo()) { _, place in
          guard case .network(_, let port) = place else { return }
          let open = openDescriptorCount()
          #expect(throws: ListenFailure.self) {
            try HTTPServer(
              configuration: .init(listeners: [
                .tcp(host: "127.0.0.1", port: 0), .tcp(host: "127.0.0.1", port: port),
              ]), handler: ClosureHandler.echo())
          }
          #expect(openDescriptorCount() == open)
        }
        #expect(eventually { openDescriptorCount() <= before })
      }
    }
  }
}
