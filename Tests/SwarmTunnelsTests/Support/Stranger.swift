import Glibc
import RegistryCore

/// Another process of this machine, of another user where this one may become it, that dials a port on loopback, says the
/// start of a BitTorrent handshake, and tells how many bytes it heard until the other side closed.
enum Stranger {
  struct Failure: Error { let text: String }

  private static let program = """
    use Socket;
    ($>, $<) = (65534, 65534) if $> == 0;
    my ($from, $to, $port, $speaks) = @ARGV;
    alarm 60;
    socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    bind($s, pack_sockaddr_in(0, inet_aton($from))) or die "bind: $!";
    connect($s, pack_sockaddr_in($port, inet_aton($to))) or die "connect: $!";
    $SIG{PIPE} = "IGNORE";
    syswrite($s, "\\x13BitTorrent protocol" . ("\\0" x 8) . ("a" x 40)) if $speaks;
    my ($heard, $more) = (0, "");
    $heard += length $more while sysread($s, $more, 65536);
    print "heard $heard\\n";
    """

  /// How many bytes it heard.
  static func dial(_ target: PeerEndpoint, from source: String, speaks: Bool = true) throws -> Int {
    let arguments = "'\(source)' '\(target.address)' \(target.port) \(speaks ? 1 : 0)"
    guard let pipe = popen("exec 2>&1; exec perl -e '\(program)' \(arguments)", "r") else {
      throw Failure(text: "popen")
    }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4 << 10)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer[..<count] }
    let code = pclose(pipe)
    let said = String(decoding: text, as: UTF8.self)
    guard code == 0, said.hasPrefix("heard "), let count = Int(said.dropFirst(6).dropLast()) else {
      throw Failure(text: said)
    }
    return count
  }
}
