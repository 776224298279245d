import Glibc
import OpenSSLKit
import RegistryCore

/// The machine's own time and chance.
struct SystemClock: WallClock {
  var millisecondsSince1970: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}

struct SystemChance: Chance {
  func bytes(_ count: Int) -> [UInt8] { SecureRandom.bytes(count) }
}
