extension ConfigurationPages {
  /// The reference page of the docs.
  public static var page: String {
    introduction + "\n" + keys + "\n" + rules
  }

  private static let introduction = """
    # Configuration

    Shoal needs none: `shoal serve` starts a node on 127.0.0.1:5000 with its data in `./data`. Everything can be changed
    in a file (`shoal serve --config FILE`, or `SHOAL_CONFIG`), by environment variables, and the common things by
    options. An option wins over the environment, the environment over the file, the file over the default.

    The whole configuration is checked before anything starts, and every mistake is told at once with its line:

    ```
    shoal.yaml:2:3: unknown key 'http.listn'; did you mean 'http.listen'?
    shoal.yaml:5:19: limits.manifest_bytes: 'MB' is no unit; write bytes, or a number with KiB, MiB, GiB or TiB, for example 4MiB
    ```

    `shoal check-config FILE…` does the same without starting. Ready files are in [config/](../config): `shoal.yaml` has
    every key with its text and default.

    This page is made from the table of keys in the code (`shoal document page`); a test keeps it so.

    ## Keys

    """

  private static var keys: String {
    let rows = SettingKey.all.map { key in
      let option = key.flag.map { "<br>`--\($0)`" } ?? ""
      let value = yaml(key).map { "`\($0)`" } ?? "none"
      let text = cell(key.text) + (key.reloads ? " *The file is read again on SIGHUP.*" : "")
      return "| `\(key.name)`\(option) | \(value) | \(cell(key.allowed)) | \(text) |"
    }
    return (["| key | default | allowed | |", "|---|---|---|---|"] + rows).joined(separator: "\n") + "\n"
  }

  private static func cell(_ text: String) -> String {
    text.map { ["|", "*", "["].contains($0) ? "\\\($0)" : String($0) }.joined()
  }

  private static let rules = #"""
    ## Rules

    **Environment.** The variable of a key is `SHOAL_` and its name in capitals, with `_` for each dot: `http.listen` is
    `SHOAL_HTTP_LISTEN`. Lists are separated by commas. An empty variable is none. An unknown `SHOAL_` variable is an
    error, but for those that Kubernetes and Docker links make for a service called shoal.

    **Sizes** are bytes, or a whole number with `KiB`, `MiB`, `GiB` or `TiB`. **Durations** are a whole number with `ms`,
    `s`, `m` or `h`.

    **Listeners** are `HOST:PORT`. HOST is an IPv4 address, an IPv6 address in brackets, `localhost` (127.0.0.1), or `*`
    (every address of the machine). Other host names are refused: what they mean is decided elsewhere and may differ at
    the next start. In YAML, `"[::1]:5000"` and `"*:5000"` need their quotes.

    **Beyond this machine.** This release has no users: whoever reaches the registry may push and delete. So a listener
    beyond loopback is refused, with TLS or without, unless `insecure: true` says that everybody who can reach it may do
    so.

    **TLS.** `http.tls.certificate` and `http.tls.key` come together, and all listeners speak HTTPS then.

    **Reload.** SIGHUP reads the files behind the keys that are marked so again; if they cannot be used, the old ones stay
    and the log says why. Every other change waits for the next start.

    **The file** is one YAML document of at most 256 KiB in UTF-8. Unknown and repeated keys, anchors, aliases and tags
    are errors.
    """# + "\n"
}
