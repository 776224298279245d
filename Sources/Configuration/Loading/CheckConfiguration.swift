/// What is wrong with each of some files, without regard to the environment.
public struct ConfigurationReport: Sendable {
  public struct File: Sendable {
    public let path: String
    /// `nil`: it is sound.
    public let error: ConfigurationError?
  }

  public let files: [File]
  public var isSound: Bool { files.allSatisfy { $0.error == nil } }
}

/// Reads the files: call it on a thread that may block.
public func checkConfiguration(_ files: [String]) -> ConfigurationReport {
  ConfigurationReport(
    files: files.map { path in
      do throws(ConfigurationError) {
        _ = try Settings.load(file: path)
        return ConfigurationReport.File(path: path, error: nil)
      } catch {
        return ConfigurationReport.File(path: path, error: error)
      }
    })
}
