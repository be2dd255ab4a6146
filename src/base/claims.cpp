#include "base/claims.h"

#include <charconv>
#include <limits>
#include <utility>

#include "base/check.h"

namespace metergate {
namespace {

constexpr std::size_t kDigitsMax = 18;  // as many as 64 bits always hold

std::int64_t integer_of(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

// One walk through a payload. False: it is not of the plain form, but may be good all the same.
class Claims::Scanner {
 public:
  explicit Scanner(Claims& claims) : claims_(claims), text_(claims.payload_) {}

  bool take_all() {
    if (text_.size() > std::numeric_limits<std::uint16_t>::max() || !take('{')) return false;
    if (take('}')) return at_ == text_.size();
    do {
      if (!take_member()) return false;
    } while (take(','));
    return take('}') && at_ == text_.size();
  }

 private:
  bool take(char c) {
    const bool is_next = at_ < text_.size() && text_[at_] == c;
    at_ += is_next ? 1 : 0;
    return is_next;
  }
  static Place place(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end - begin)};
  }

  bool take_member() {
    if (claims_.count_ == kMembersMax) return false;
    Member member;
    if (!take_text(member.name) || claims_.member(claims_.at(member.name)) != nullptr ||
        !take(':') || !take_value(member))
      return false;
    claims_.members_[claims_.count_++] = member;
    return true;
  }

  // Characters that stand for themselves.
  bool take_text(Place& into) {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= ' ' && text_[at_] <= '~' && text_[at_] != '"' &&
           text_[at_] != '\\')
      ++at_;
    into = place(begin, at_);
    return take('"');
  }

  bool take_integer(Place& into) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    into = place(begin, at_);
    const bool has_leading_zero = into.size > 1 && text_[begin] == '0';
    return into.size > 0 && into.size <= kDigitsMax && !has_leading_zero;
  }

  bool take_list() {
    if (!take('[')) return false;
    if (take(']')) return true;
    Place ignored;
    do {
      if (!take_text(ignored)) return false;
    } while (take(','));
    return take(']');
  }

  bool take_word() {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return true;
    }
    return false;
  }

  bool take_value(Member& member) {
    if (at_ == text_.size()) return false;
    const char first = text_[at_];
    if (first == '"') {
      member.kind = Kind::text;
      return take_text(member.value);
    }
    if (first >= '0' && first <= '9') {
      member.kind = Kind::integer;
      return take_integer(member.value);
    }
    const std::size_t begin = at_;
    const bool is_taken = first == '[' ? take_list() : take_word();
    member.value = place(begin, at_);
    return is_taken;
  }

  Claims& claims_;
  const std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<Claims> Claims::parse(std::string payload) {
  Claims claims;
  claims.payload_ = std::move(payload);
  if (Scanner(claims).take_all()) return claims;
  Result<Json> tree = parse_json(claims.payload_);
  if (!tree || !tree->is_object()) return std::nullopt;
  return Claims{*std::move(tree)};
}

const Claims::Member* Claims::member(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (at(members_[i].name) == name) return &members_[i];
  }
  return nullptr;
}

Json Claims::value_of(const Member& member) const {
  const std::string_view text = at(member.value);
  if (member.kind == Kind::text) return Json{text};
  if (member.kind == Kind::integer) return Json{integer_of(text)};
  Result<Json> value = parse_json(text);
  CHECK(value);  // it was found to be JSON
  return *std::move(value);
}

std::optional<Json> Claims::find(std::string_view name) const {
  if (tree_) {
    const Json* const found = tree_->find(name);
    return found == nullptr ? std::nullopt : std::optional{*found};
  }
  const Member* const found = member(name);
  return found == nullptr ? std::nullopt : std::optional{value_of(*found)};
}

std::optional<std::string> Claims::string_at(std::string_view name) const {
  if (tree_) return tree_->string_at(name);
  const Member* const found = member(name);
  if (found == nullptr || found->kind != Kind::text) return std::nullopt;
  return std::string{at(found->value)};
}

std::optional<std::int64_t> Claims::integer_at(std::string_view name) const {
  if (tree_) return tree_->integer_at(name);
  const Member* const found = member(name);
  if (found == nullptr || found->kind != Kind::integer) return std::nullopt;
  return integer_of(at(found->value));
}

std::optional<Decimal> Claims::number_at(std::string_view name) const {
  if (tree_) {
    const Json* const found = tree_->find(name);
    return found == nullptr ? std::nullopt : found->number();
  }
  const auto integer = integer_at(name);
  return integer ? std::optional{Decimal{*integer, 0}} : std::nullopt;
}

Json Claims::to_json() const {
  if (tree_) return *tree_;
  Json object = Json::object();
  for (std::size_t i = 0; i < count_; ++i) object.set(at(members_[i].name), value_of(members_[i]));
  return object;
}

}  // namespace metergate
