-- What wrk sends: reads, some of them of orders that are not there, and now and then a new or a changed order. After
-- LOAD_SECONDS nothing more is sent, so that no request is under way when wrk closes its connections. The closing
-- lines count the answers by status.
local base, token = os.getenv("LOAD_PATH"), os.getenv("LOAD_TOKEN")
local seconds = tonumber(os.getenv("LOAD_SECONDS"))
local threads, until_time = {}, nil

function setup(thread)
  thread:set("seed", #threads + 1)
  table.insert(threads, thread)
end

function init()
  math.randomseed(seed)
  statuses = ""          -- thread:get() hands over no tables
  counts = {}
  headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
end

function delay()
  until_time = until_time or os.time() + seconds
  return os.time() < until_time and 0 or 3600000
end

function request()
  local kind = math.random(100)
  if kind <= 50 then return wrk.format("GET", base .. "/orders/" .. math.random(50), headers) end
  if kind <= 70 then return wrk.format("GET", base .. "/orders?customer=3", headers) end
  if kind <= 90 then return wrk.format("GET", base .. "/customers", headers) end
  if kind <= 95 then return wrk.format("GET", base .. "/nowhere", headers) end
  if kind <= 98 then
    return wrk.format("PATCH", base .. "/orders/" .. math.random(40), headers, '{"amount":5}')
  end
  return wrk.format("POST", base .. "/orders", headers, '{"customer":1,"amount":9}')
end

function response(status)
  counts[status] = (counts[status] or 0) + 1
  statuses = ""
  for number, count in pairs(counts) do statuses = statuses .. number .. "=" .. count .. " " end
end

function done(summary)
  local all = {}
  for _, thread in ipairs(threads) do
    for number, count in string.gmatch(thread:get("statuses"), "(%d+)=(%d+)") do
      all[number] = (all[number] or 0) + tonumber(count)
    end
  end
  for number, count in pairs(all) do print("answered " .. number .. " " .. count) end
  local errors = summary.errors
  print("broken " .. errors.connect + errors.read + errors.write + errors.timeout)
end
