-- Sends the requests of a file one after the other; a file with one request is sent again and again.
-- Where several run out, the last is repeated: a guard refuses it, and the run fails instead of flattering anyone.
local requests = {}
local at = 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local text = file:read("*a")
  file:close()
  local from = 1
  while true do
    local to = text:find("\0", from, true)
    if not to then break end
    requests[#requests + 1] = text:sub(from, to - 1)
    from = to + 1
  end
end

function request()
  if at < #requests then at = at + 1 end
  return requests[at]
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('\n{"requests":%d,"microseconds":%d,"refused":%d,"failed":%d}\n', summary.requests,
    summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
