# The fixture on Rails: its routing, its session cookie, its tokens against forgery; puma. What it has to do stands
# in ../contract.md.
require 'action_controller/railtie'
require 'puma'
require 'puma/server'

$stdout.sync = true

class Fixture < Rails::Application
  config.load_defaults Rails::VERSION::STRING.to_f
  config.root = __dir__
  config.eager_load = false
  config.cache_classes = true
  config.consider_all_requests_local = false
  config.public_file_server.enabled = false
  config.secret_key_base = SecureRandom.hex(64)
  config.session_store :cookie_store, key: 'app_session'
  config.logger = Logger.new(nil)
end

class NotesController < ActionController::Base
  protect_from_forgery with: :exception

  def page
    response.headers['Cache-Control'] = 'no-cache'
    cookies[:theme] = { value: 'dark', expires: 1.hour, same_site: :lax }
    render html: File.read(ENV['PAGE']).gsub('{{token}}', form_authenticity_token).html_safe
  end

  def done
    render inline: '<!doctype html><title>done</title><p><%= session[:said] || "nothing" %></p>'
  end

  def index
    render json: { notes: %w[bread café] }
  end

  def create
    render json: { made: params.require(:text) }, status: :created, location: '/api/notes/1'
  end

  def update
    render json: { id: params[:id], text: params.require(:text) }
  end

  def destroy
    head :no_content
  end

  def form
    session[:said] = params.require(:text)
    redirect_to '/done', status: :see_other
  end

  def upload
    file = params.require(:file)
    content = file.read
    name = file.original_filename
    render json: { note: params[:note], name: name, size: content.bytesize, sha256: Digest::SHA256.hexdigest(content) }
  end

  def echo
    render json: { target: request.env['REQUEST_URI'], host: request.headers['Host'], base: request.base_url }
  end

  def absolute
    # Rails 7 and later ask for the word where a redirect leads elsewhere.
    redirect_to "http://127.0.0.1:#{$port}/api/notes?led=1", allow_other_host: true
  end

  def broken
    raise 'broken'
  end
end

class StreamsController < ActionController::Base
  include ActionController::Live

  def stream
    response.headers['Content-Type'] = 'text/plain'
    two_pieces("one\n", "two\n")
  ensure
    response.stream.close
  end

  def events
    response.headers['Content-Type'] = 'text/event-stream'
    response.headers['Cache-Control'] = 'no-cache'
    two_pieces("data: one\n\n", "data: two\n\n")
    # Rails hears that its client left when it writes.
    loop do
      sleep 0.02
      response.stream.write(": tick\n\n")
    end
  rescue ActionController::Live::ClientDisconnected
    nil
  ensure
    puts 'gone'
    response.stream.close
  end

  private

  def two_pieces(first, second)
    # Without a validator Rack would read the whole answer to make one.
    response.headers['Last-Modified'] = Time.at(0).httpdate
    response.stream.write(first)
    sleep 0.01 until File.exist?(ENV['RELEASE'])
    response.stream.write(second)
  end
end

Fixture.initialize!
Fixture.routes.draw do
  root 'notes#page'
  get 'done' => 'notes#done'
  scope 'api' do
    resources :notes, only: %i[index create update destroy]
    post 'form' => 'notes#form'
    post 'upload' => 'notes#upload'
    get 'echo/*rest' => 'notes#echo', format: false
    get 'absolute' => 'notes#absolute'
    get 'broken' => 'notes#broken'
    get 'stream' => 'streams#stream'
    get 'events' => 'streams#events'
  end
end

logged = lambda do |env|
  puts "#{env['REQUEST_METHOD']} #{env['REQUEST_URI']}"
  Fixture.call(env)
end
server = Puma::Server.new(logged)
server.add_tcp_listener('127.0.0.1', 0)
$port = server.connected_ports.first
puts "port #{$port}"
server.run.join
