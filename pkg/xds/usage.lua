-- Lifts the usage that a provider states out of its answer into dynamic
-- metadata, and takes the usage event out of a stream whose caller did not ask
-- for it.
--
-- Metadata sb.usage, key "answer", is a JSON object as text: "model",
-- "service_tier", and objects, all as they stand in the answer or in an event of it,
-- by their path there: "usage" (OpenAI, Anthropic), "x_groq.usage",
-- "message.usage" (Anthropic's first event), "response.usage" (OpenAI's
-- responses), "usageMetadata" (Gemini). Of several in a stream the last object
-- stays; "kept" lists objects of the same place before it that had members which
-- it has not, where each event tells a part. Names are read until there are both,
-- and again where a usage object stands.
--
-- Answers with a status of 2xx and without a content coding are read: event
-- streams and JSON documents. No byte of them is held back and none changed,
-- except in streams where the request filter set signalbox.hide_usage. There an
-- event goes whose JSON has, at its top, an empty array "choices" and an object
-- "usage". All else stays, byte for byte: events without choices or without
-- usage, a usage beside choices, "usage":null. What is held back is the
-- unfinished event alone, which no client could use yet; it is lost where a
-- stream ends in trailers.
--
-- Lines of streams may end in LF or CRLF. A stream that ends its lines in a
-- bare CR passes unread.
--
-- It must come before the request filter in the list of filters: setBytes writes a
-- length to the head of the answer, which is harmless only when that has left.
--
-- Each byte is looked at a fixed number of times, however the answer is cut. Most
-- chunks hold whole events without a usage object: these cost a search for it.

local MAX_HELD = 65536 -- bytes of an event that are held back
local MAX_EVENT = 1048576 -- bytes of an event that is read
local MAX_BODY = 8388608 -- bytes of a document that is read
local MAX_PIECES = 262144 -- in which an event or a document comes
local MAX_USAGE = 65536 -- bytes of a usage object
local MAX_NAME = 256 -- bytes of a name
local MAX_TRIES = 4 -- for a key, before a document is walked through
local MAX_NAMES = 32 -- of an object that are compared with another's
local MAX_KEPT = 4 -- usage objects besides the last

local byte, concat, find, sub = string.byte, table.concat, string.find, string.sub

-- Patterns cost a hundred instructions for each byte that they pass, a search for
-- a text next to none, and bytes one by one something between. So strings are
-- passed by searching for their ends.

-- after returns the index behind the string that starts at i.
local function after(s, i)
  local from = i + 1
  while true do
    local at = find(s, '"', from, true)
    if not at then return #s + 1 end
    local n = at - 1
    while n >= from and byte(s, n) == 92 do n = n - 1 end
    if (at - n) % 2 == 1 then return at + 1 end
    from = at + 1
  end
end

-- closing returns the index of the bracket that closes the one at i.
local function closing(s, i)
  local depth = 0
  while true do
    local quote = find(s, '"', i, true)
    for at = i, (quote or #s + 1) - 1 do
      local c = byte(s, at)
      if c == 123 or c == 91 then
        depth = depth + 1
      elseif c == 125 or c == 93 then
        depth = depth - 1
        if depth == 0 then return at end
      end
    end
    if not quote then return nil end
    i = after(s, quote)
  end
end

-- value returns the index of the value of the member whose name ends before i,
-- nil where that is no name.
local function value(s, i)
  local c = byte(s, i)
  while c and c <= 32 do
    i = i + 1
    c = byte(s, i)
  end
  if c ~= 58 then return nil end
  repeat
    i = i + 1
    c = byte(s, i)
  until not c or c > 32
  return i
end

local function set(t)
  local s = {}
  for _, key in ipairs(t) do s['"' .. key .. '"'] = true end
  return s
end

local wanted = set({ "usage", "usageMetadata", "x_groq", "model", "modelVersion", "service_tier", "choices", "message", "response" })

local walk -- below

-- strings takes what a string member of an object says.
local function strings(r, key, text)
  if key == '"service_tier"' then
    r.tier = text
  elseif key == '"model"' or key == '"modelVersion"' then
    r.model = text
  end
end

-- objects takes what an object member of an object says.
local function objects(r, key, text)
  if key == '"usage"' then
    r.usage = text
  elseif key == '"usageMetadata"' then
    r.metadata = text
  elseif key == '"choices"' then
    r.empty = false
  elseif not r.inner then
    local inner = walk(text, true)
    if not inner then return end
    if key == '"x_groq"' then
      r.groq = inner.usage or r.groq
      return
    end
    if key == '"message"' then r.message = inner.usage else r.response = inner.usage end
    r.model, r.tier = r.model or inner.model, r.tier or inner.tier
  end
end

-- walk returns what the top of a JSON object says: usage, metadata, and those of
-- groq, message and response, as text, model, tier, and whether choices are
-- empty. nil where it is no whole object. An inner object is walked through once.
walk = function(doc, inner)
  local _, i = find(doc, "^%s*{")
  if not i then return nil end
  local r = { inner = inner }
  i = i + 1
  while true do
    local at = find(doc, '["{}%[%]]', i)
    if not at then return nil end
    local c = byte(doc, at)
    if c == 34 then
      i = after(doc, at)
      local key = sub(doc, at, i - 1)
      local start = wanted[key] and value(doc, i)
      if start then
        i = start
        c = byte(doc, i)
        if c == 34 then
          i = after(doc, start)
          strings(r, key, sub(doc, start, i - 1))
        elseif c == 123 or c == 91 then
          local stop = closing(doc, i)
          if not stop then return nil end
          if c == 123 then
            objects(r, key, sub(doc, i, stop))
          elseif key == '"choices"' then
            r.empty = find(doc, "^%[%s*%]", i) ~= nil
          end
          i = stop + 1
        end
      end
    elseif c == 123 or c == 91 then
      local stop = closing(doc, at)
      if not stop then return nil end
      i = stop + 1
    else
      return r
    end
  end
end

-- level returns how many brackets open and do not close in s from i to stop, nil
-- where a string passes stop.
local function level(s, i, stop)
  local depth = 0
  while true do
    local quote = find(s, '"', i, true)
    for at = i, quote and quote <= stop and quote - 1 or stop do
      local c = byte(s, at)
      if c == 123 or c == 91 then
        depth = depth + 1
      elseif c == 125 or c == 93 then
        depth = depth - 1
      end
    end
    if not quote or quote > stop then return depth end
    i = after(s, quote)
    if i > stop + 1 then return nil end
  end
end

-- top returns the text of a member's value that begins with the given byte. It
-- finds the key by its name, and that it stands at the top by the brackets on
-- the side that is shorter, before it or behind the value. nil where there is
-- none, false where there were too many of the name at other depths.
local function top(doc, key, first)
  local from, tries = 1, 0
  while true do
    local at, last = find(doc, key, from, true)
    if not at then return nil end
    from = last + 1
    local i = value(doc, from)
    if i and byte(doc, i) == first and byte(doc, at - 1) ~= 92 then
      if tries == MAX_TRIES then return false end
      tries = tries + 1
      local stop = first == 34 and after(doc, i) - 1 or first ~= 34 and closing(doc, i)
      if stop then
        local before = at < #doc - stop
        if before and level(doc, 1, at - 1) == 1 or not before and level(doc, stop + 1, #doc) == -1 then
          return sub(doc, i, stop)
        end
      end
    end
  end
end

-- whole tells whether s begins and ends as an object does.
local function whole(s)
  local n = #s
  while n > 0 and byte(s, n) <= 32 do n = n - 1 end
  return byte(s, n) == 125 and find(s, "^%s*{") ~= nil
end

-- inside fills in what an object below the top of an event says; false where
-- the event is to be walked through.
local function inside(r, doc, key, place)
  local object = top(doc, key, 123)
  if not object then return object == nil end
  local usage, model, tier = top(object, '"usage"', 123), top(object, '"model"', 34), top(object, '"service_tier"', 34)
  r[place], r.model, r.tier = usage, r.model or model, r.tier or tier
  return usage ~= false and model ~= false and tier ~= false
end

-- read returns what walk does, mostly by a look at a few places. Whether choices
-- are empty it tells only where it is asked to, and objects below the top it
-- looks for only where an event has no model at its top.
local function read(doc, event, strict)
  if not whole(doc) then return nil end
  local r = { usage = top(doc, '"usage"', 123) }
  if r.usage and strict and find(doc, '"choices"%s*:%s*%[%s*%]') then return walk(doc) end
  r.model, r.tier = top(doc, '"model"', 34), top(doc, '"service_tier"', 34)
  local sure = r.usage ~= false and r.model ~= false and r.tier ~= false
  if not r.usage then
    local groq = top(doc, '"x_groq"', 123)
    r.metadata, r.groq = top(doc, '"usageMetadata"', 123), groq and top(groq, '"usage"', 123)
    sure = sure and groq ~= false and r.groq ~= false and r.metadata ~= false
  end
  if not r.model then
    r.model = top(doc, '"modelVersion"', 34)
    sure = sure and r.model ~= false
    if event then sure = sure and inside(r, doc, '"message"', "message") and inside(r, doc, '"response"', "response") end
  end
  if not sure then return walk(doc) end
  return r
end

-- counts returns the text of a usage object, nil where it says nothing.
local function counts(text)
  return text and #text <= MAX_USAGE and not find(text, "^{%s*}") and text or nil
end

local function unescape(c, hex)
  if c ~= "u" or #hex < 4 then return c .. hex end
  local n = tonumber(hex, 16)
  if n < 0x80 then return string.char(n) end
  if n < 0x800 then return string.char(0xc0 + n / 64, 0x80 + n % 64) end
  if n >= 0xd800 and n < 0xe000 then return "?" end
  return string.char(0xe0 + n / 4096, 0x80 + n / 64 % 64, 0x80 + n % 64)
end

local function escape(c) return string.format("\\u%04x", byte(c)) end

-- name returns the text of a string, nil where it is no name. What may be no
-- JSON is written anew: it would spoil the counts beside it.
local function name(text)
  if not text or text == '""' or #text > MAX_NAME then return nil end
  if not find(text, "\\", 1, true) and not find(text, "%c") then return text end
  return '"' .. sub(text, 2, -2):gsub("\\(.)(%x?%x?%x?%x?)", unescape):gsub('[%c"\\]', escape) .. '"'
end

-- lacks tells whether one object has a name in it that the other has not.
local function lacks(new, old)
  local tries = 0
  for key in old:gmatch('("[%w_]+")%s*:') do
    if not find(new, key, 1, true) then return true end
    tries = tries + 1
    if tries == MAX_NAMES then return false end
  end
  return false
end

-- spare adds an object to those besides the last.
local function spare(st, object)
  st.kept = st.kept or {}
  if #st.kept < MAX_KEPT then st.kept[#st.kept + 1] = object end
end

local places = { "model", "service_tier", "usage", "x_groq.usage", "message.usage", "response.usage", "usageMetadata" }

-- lift leaves what read returned, with what was read before: as one text, since
-- each value in the metadata costs Envoy thousands of instructions.
local function lift(handle, st, r)
  local said = {
    name(r.model), name(r.tier), counts(r.usage), counts(r.groq), counts(r.message), counts(r.response), counts(r.metadata),
  }
  local all, new = {}, false
  for i = 1, #places do
    local key, old = places[i], st[places[i]]
    if said[i] and old ~= said[i] then
      local part = key == "usageMetadata" or key == "usage" and st["message.usage"]
      if part and old and lacks(said[i], old) then spare(st, old) end
      st[key], new = said[i], true
    end
    if st[key] then all[#all + 1] = '"' .. key .. '":' .. st[key] end
  end
  if not new then return end
  if st.kept then all[#all + 1] = '"kept":[' .. concat(st.kept, ",") .. "]" end
  handle:streamInfo():dynamicMetadata():set("sb.usage", "answer", "{" .. concat(all, ",") .. "}")
end

-- member returns the place of the next string key that is the given one, or that
-- with a tail, unless it names a member that says nothing: many providers write
-- "usage":null to every event.
local function member(s, key, tail, from)
  while true do
    local at, last = find(s, key, from, true)
    if not at then return nil end
    from = last + 1
    if tail and byte(s, from) ~= 34 then
      local stop = last + #tail
      from = sub(s, from, stop) == tail and stop + 1 or nil
    elseif tail then
      from = from + 1
    end
    if not from then
      from = last + 1
    else
      local i = value(s, from)
      local c = i and byte(s, i)
      if c == 110 or c == 34 and byte(s, i + 1) == 34 then
        -- null or ""
      else
        return at
      end
    end
  end
end

-- telling returns the next place for which an event is read. Anthropic and Gemini
-- state the tier in the usage.
local function telling(st, s, from)
  local at = member(s, '"usage', 'Metadata"', from)
  if st.model and (st.service_tier or st["message.usage"] or st.usageMetadata) then return at end
  local model = not st.model and member(s, '"model', 'Version"', from)
  if model and (not at or model < at) then at = model end
  local tier = not st.service_tier and member(s, '"service_tier"', nil, from)
  if tier and (not at or tier < at) then at = tier end
  return at
end

-- payload joins the data lines of an event.
local function payload(event)
  local stop = find(event, "\n", 1, true)
  if stop and stop + 2 >= #event and sub(event, 1, 5) == "data:" then return sub(event, 6, stop) end
  local lines = {}
  for line in event:gmatch("[^\r\n]+") do
    local data = line:match("^data: ?(.*)")
    if data then lines[#lines + 1] = data end
  end
  return concat(lines, "\n")
end

-- look lifts what an event says and returns whether it is to be hidden.
local function look(handle, st, event)
  local r = read(payload(event), true, st.hide)
  if not r then return false end
  lift(handle, st, r)
  return st.hide and r.usage and r.empty
end

-- sift looks at finished events and returns those that stay.
local function sift(handle, st, s)
  local at = telling(st, s, 1)
  if not at then return s end
  local kept, n, behind = {}, 0, 1 -- the bytes before behind are dealt with
  local start, from = 1, 1
  while at do
    local _, last
    repeat -- until the event around the place
      _, last = find(s, "\n\r?\n", from)
      if not last then return s end -- cannot be: s ends in a blank line
      if last < at then start = last + 1 end
      from = last
    until last > at
    if look(handle, st, sub(s, start, last)) then
      local _, blank = find(s, "^[\r\n]*", start) -- lines before the event
      n = n + 1
      kept[n] = sub(s, behind, blank)
      behind = last + 1
    end
    start = last + 1
    at = telling(st, s, start)
  end
  if n == 0 then return s end
  return concat(kept, "", 1, n) .. sub(s, behind)
end

-- keep adds bytes to the unfinished event and returns those that may leave.
local function keep(st, s)
  if s == "" or st.lost then return s end
  local n = st.n + 1
  st.held[n], st.n, st.size = s, n, st.size + #s
  local out = s
  if st.hide and not st.open then
    if st.size <= MAX_HELD and not st.bare then
      out = ""
    else
      out, st.open = concat(st.held, "", 1, n), true
    end
  end
  if st.size > MAX_EVENT or n > MAX_PIECES then
    st.lost, st.held, st.n = true, {}, 0
  end
  return out
end

-- feed takes a chunk of a stream and returns what leaves in its place.
local function feed(handle, st, s)
  local seam = st.edge .. s
  st.bare = find(seam, "\r\r", 1, true) ~= nil
  local _, cut = find(seam, "^.*\n\r?\n")
  if not cut then
    st.edge = sub(seam, -3)
    return keep(st, s)
  end
  local done, first, out = cut - #st.edge, 0, ""
  if st.n > 0 or st.lost then -- the rest of the unfinished event
    local _, stop = find(seam, "\n\r?\n")
    first = stop - #st.edge
    out = sub(s, 1, first)
    if not st.lost then
      st.held[st.n + 1] = out
      local event = concat(st.held, "", 1, st.n + 1)
      local hidden = telling(st, event, 1) and look(handle, st, event)
      if not st.open then out = hidden and event:match("^[\r\n]*") or event end
    end
    st.n, st.size, st.open, st.lost = 0, 0, false, false
  end
  local events = sift(handle, st, sub(s, first + 1, done))
  local rest = sub(s, done + 1)
  st.edge = sub(rest, -3)
  local left = keep(st, rest)
  if not st.hide then return s end
  return out .. events .. left
end

local function finished(s)
  local n = #s
  return byte(s, n) == 10 and (byte(s, n - 1) == 10 or byte(s, n - 1) == 13 and byte(s, n - 2) == 10)
end

local function stream(handle, hide)
  -- Of the unfinished event: its n pieces, size and last bytes; whether a part
  -- of it has left, and whether it is too large to be read.
  local st = { hide = hide, held = {}, n = 0, size = 0, edge = "", open = false, lost = false, bare = false }
  local final, sent = nil, ""
  for chunk in handle:bodyChunks() do
    local length = chunk:length()
    local s = ""
    if length > 0 and not st.bare then
      s = chunk:getBytes(0, length)
      if st.n > 0 or st.lost or not finished(s) or telling(st, s, 1) then
        local out = feed(handle, st, s)
        if hide and out ~= s then chunk:setBytes(out) end
        s = out
      end
    end
    final, sent = chunk, s
  end
  if st.n == 0 or st.bare then return end
  -- The last chunk has not left yet: it takes an unfinished end along.
  local rest = concat(st.held, "", 1, st.n)
  local hidden = telling(st, rest, 1) and look(handle, st, rest)
  if not hidden and hide and not st.open then
    pcall(function() final:setBytes(sent .. rest) end)
  end
end

local function document(handle)
  local held, n, size = {}, 0, 0
  for chunk in handle:bodyChunks() do
    local length = chunk:length()
    if length > 0 then
      n, size = n + 1, size + length
      if size > MAX_BODY or n > MAX_PIECES then return end
      held[n] = chunk:getBytes(0, length)
    end
  end
  local r = read(n == 1 and held[1] or concat(held, "", 1, n))
  if r then lift(handle, {}, r) end
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local kind, coding = (headers:get("content-type") or ""):lower(), headers:get("content-encoding")
  if byte(headers:get(":status")) ~= 50 or coding and coding:lower() ~= "identity" then return end
  if find(kind, "^%s*text/event%-stream") then
    local ours = handle:streamInfo():dynamicMetadata():get("signalbox")
    local hide = ours ~= nil and ours["hide_usage"] == true
    if hide then headers:remove("content-length") end
    stream(handle, hide)
  elseif find(kind, "^%s*application/json%s*$") or find(kind, "^%s*application/json%s*;") then
    document(handle)
  end
end
