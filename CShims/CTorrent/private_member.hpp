// Access to one private member of libtorrent, by the one way that the language has: an explicit instantiation may name it.
#ifndef SHOAL_PRIVATE_MEMBER_HPP
#define SHOAL_PRIVATE_MEMBER_HPP

namespace shoal {

/// A tag names the type of a member and declares `friend type member(tag)`; `template struct opened<tag, &Class::member>`
/// then defines it, and `object.*member(tag())` is the member.
template <typename Tag, typename Tag::type Member>
struct opened {
  friend typename Tag::type member(Tag) { return Member; }
};

} // namespace shoal

#endif
