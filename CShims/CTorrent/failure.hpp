// Every function of ctorrent.h is a `guarded` one: what is thrown inside becomes a result code and a text.
#ifndef SHOAL_FAILURE_HPP
#define SHOAL_FAILURE_HPP

#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>

#include <boost/system/system_error.hpp>

#include "ctorrent.h"

namespace shoal {

/// A failure that we found ourselves, with its code.
struct refusal : std::runtime_error {
  refusal(ct_result result, std::string const& text) : std::runtime_error(text), result(result) {}
  ct_result result;
};

/// Cuts the text to the size of the field.
template <std::size_t Size>
void copy_text(char (&field)[Size], char const* text) noexcept {
  std::snprintf(field, Size, "%s", text);
}

inline ct_result fail(ct_failure* failure, ct_result result, int system_code, char const* text) noexcept {
  if (failure) {
    failure->system_code = system_code;
    copy_text(failure->text, text);
  }
  return result;
}

template <typename Body>
ct_result guarded(ct_failure* failure, Body&& body) noexcept {
  try {
    body();
    return CT_OK;
  } catch (refusal const& error) {
    return fail(failure, error.result, 0, error.what());
  } catch (boost::system::system_error const& error) {
    bool const system = error.code().category() == boost::system::system_category();
    return fail(failure, system ? CT_SYSTEM : CT_INTERNAL, system ? error.code().value() : 0, error.what());
  } catch (std::system_error const& error) {
    return fail(failure, CT_SYSTEM, error.code().value(), error.what());
  } catch (std::exception const& error) {
    return fail(failure, CT_INTERNAL, 0, error.what());
  } catch (...) {
    return fail(failure, CT_INTERNAL, 0, "an exception of an unknown type");
  }
}

/// For callbacks of libtorrent, which must not throw and have nobody to tell: an out-of-memory there is not survivable
/// in a better way than by going on.
template <typename Body>
void quietly(Body&& body) noexcept {
  try {
    body();
  } catch (...) {
  }
}

} // namespace shoal

#endif
