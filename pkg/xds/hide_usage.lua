-- Takes the usage event out of a stream whose caller did not ask for it.
--
-- It goes: an event whose JSON has, at its top, an empty array "choices" and an
-- object "usage". All else stays, byte for byte: events without choices or
-- without usage, a usage beside choices, "usage":null.
--
-- It acts where the request filter set signalbox.hide_usage, on event streams
-- without a content coding. Lines may end in LF or CRLF. A stream that ends its
-- lines in a bare CR passes as it is, and so does an event above MAX_HELD. What
-- is held back is the unfinished event alone, which no client could use yet; it
-- is lost where a stream ends in trailers.
--
-- It must come before the request filter in the list of filters: setBytes writes
-- the chunk's length to the head of the answer, which is harmless only when the
-- head has left.
--
-- Each byte is looked at a fixed number of times, however the stream is cut.

local MAX_HELD = 65536

-- finish returns the index behind the last blank line of s, nil if it has none.
local function finish(s)
  local from, cut = 1, nil
  while true do
    local _, last = s:find("\n\r?\n", from)
    if not last then return cut end
    from, cut = last, last + 1
  end
end

local function finished(s)
  local n = #s
  return s:byte(n) == 10 and (s:byte(n - 1) == 10 or s:byte(n - 1) == 13 and s:byte(n - 2) == 10)
end

-- payload joins the data lines of an event.
local function payload(event)
  local lines = {}
  for line in event:gmatch("[^\r\n]+") do
    local data = line:match("^data: ?(.*)")
    if data then lines[#lines + 1] = data end
  end
  return table.concat(lines, "\n")
end

-- after returns the index behind the string that starts at i.
local function after(s, i)
  i = i + 1
  while true do
    local at = s:find('["\\]', i)
    if not at then return #s + 1 end
    if s:byte(at) == 34 then return at + 1 end
    i = at + 2
  end
end

-- usage_only tells whether the top of a JSON object has the empty choices and
-- the usage.
local function usage_only(json)
  local depth, i, empty, usage = 0, 1, false, false
  while true do
    local at = json:find('["{}%[%]]', i)
    if not at then return empty and usage and depth == 0 end
    local c = json:byte(at)
    i = at + 1
    if c == 34 then
      i = after(json, at)
      if depth == 1 then
        local key = json:sub(at, i - 1)
        if key == '"choices"' then
          empty = json:find("^%s*:%s*%[%s*%]", i) ~= nil
        elseif key == '"usage"' then
          usage = json:find("^%s*:%s*{", i) ~= nil or usage
        end
      end
    elseif c == 123 or c == 91 then
      depth = depth + 1
    else
      depth = depth - 1
    end
  end
end

-- suspect is a cheap look for a usage object; many providers write
-- "usage":null to every event.
local function suspect(s)
  return s:find('"usage"', 1, true) and s:find('"usage"%s*:%s*{')
end

local function unwanted(event)
  return suspect(event) and event:find('"choices"%s*:%s*%[%s*%]') and usage_only(payload(event))
end

-- clean returns finished events without the unwanted ones.
local function clean(s)
  if not suspect(s) then return s end
  local kept, start, from = {}, 1, 1
  while true do
    local _, last = s:find("\n\r?\n", from)
    if not last then break end
    local event = s:sub(start, last)
    if not unwanted(event) then kept[#kept + 1] = event end
    start, from = last + 1, last
  end
  return table.concat(kept)
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local kind, coding = headers:get("content-type"), headers:get("content-encoding")
  if not kind or not kind:lower():find("^%s*text/event%-stream") or coding and coding ~= "identity" then return end
  local ours = handle:streamInfo():dynamicMetadata():get("signalbox")
  if not ours or not ours["hide_usage"] then return end
  headers:remove("content-length")

  local held, size, edge = {}, 0, "" -- the unfinished event, its length, its last bytes
  local open = false -- the bytes that come belong to an event of which a part has left
  local bare = false -- lines end in a bare CR
  local chunk_last, sent = nil, ""
  for chunk in handle:bodyChunks() do
    local s = chunk:getBytes(0, chunk:length())
    local out = s
    if not bare and (size > 0 or open or not finished(s) or suspect(s)) then
      local seam = edge .. s
      local cut = finish(seam)
      local done = cut and cut - 1 - #edge or 0
      if cut then
        held[#held + 1] = s:sub(1, done)
        local events = table.concat(held)
        if open then -- the rest of an event is none: it passes
          local _, rest = events:find("\n\r?\n")
          out = events:sub(1, rest or #events) .. clean(events:sub((rest or #events) + 1))
        else
          out = clean(events)
        end
        held, size, open = {}, 0, false
      else
        out = ""
      end
      local rest = s:sub(done + 1)
      if rest ~= "" then held[#held + 1] = rest end
      size = size + #rest
      edge = cut and rest:sub(-3) or seam:sub(-3)
      bare = seam:find("\r\r", 1, true) ~= nil
      if bare or open or size > MAX_HELD then
        out, open = out .. table.concat(held), not bare and size > 0
        held, size = {}, 0
      end
      if out ~= s then chunk:setBytes(out) end
    end
    chunk_last, sent = chunk, out
  end
  -- The last chunk has not left yet: it takes an unfinished end along.
  local rest = table.concat(held)
  if rest ~= "" and not unwanted(rest) then
    pcall(function() chunk_last:setBytes(sent .. rest) end)
  end
end
