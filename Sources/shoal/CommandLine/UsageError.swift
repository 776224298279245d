/// A command line that says nothing we know.
struct UsageError: Error, Hashable, CustomStringConvertible {
  let reason: String
  let advice: String

  init(_ reason: String, advice: String) { (self.reason, self.advice) = (reason, advice) }

  var description: String { "\(reason); \(advice)" }
}
