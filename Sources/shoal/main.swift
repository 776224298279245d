import Configuration
import Glibc
import Telemetry

Signals.hold()
var flags: [String: [String]] = [:]
var rest = CommandLine.arguments.dropFirst(2)
while let name = rest.popFirst() { if let value = rest.popFirst() { flags[String(name.dropFirst(2)), default: []].append(value) } }
let file = flags.removeValue(forKey: "config")?.first
do {
  let settings = try Settings.load(file: file, flags: flags)
  let sink = DescriptorSink(descriptor: STDERR_FILENO, format: .fitting(descriptor: STDERR_FILENO, colors: true))
  exit(Serve(settings: settings, log: Logger(level: .info, sink: sink), sink: sink).run().rawValue)
} catch {
  print(error)
  exit(4)
}
