import com.twitter.finagle.ListeningServer;
import com.twitter.finagle.Mux;
import com.twitter.finagle.Path;
import com.twitter.finagle.Service;
import com.twitter.finagle.mux.Request;
import com.twitter.finagle.mux.Response;
import com.twitter.io.Buf;
import com.twitter.io.Bufs;
import com.twitter.util.Await;
import com.twitter.util.Future;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** A server or a client of Finagle's Mux: `server PORT`, or `client PORT`, which prints a JSON line for each request. */
public class Talk {
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[1]);
    if (args[0].equals("server")) serve(port);
    else ask(port);
  }

  static void serve(int port) throws Exception {
    ListeningServer server = Mux.server().serve(new InetSocketAddress("127.0.0.1", port), new Service<Request, Response>() {
      @Override public Future<Response> apply(Request request) {
        String said = Bufs.asUtf8String(request.body());
        if (said.startsWith("fail")) return Future.exception(new Exception("no"));
        return Future.value(Response.apply(Bufs.utf8Buf("heard " + said)));
      }
    });
    System.out.println("listening");
    Await.ready(server);
  }

  static void ask(int port) throws Exception {
    Service<Request, Response> service = Mux.client().newService("127.0.0.1:" + port);
    for (int i = 0; i < 20; i++) {
      String said = (i % 5 == 4 ? "fail " : "say ") + i + (i == 7 ? "x".repeat(100_000) : "");
      String heard;
      try {
        heard = Bufs.asUtf8String(Await.result(service.apply(Request.apply(Path.read("/s/echo/" + i), Bufs.utf8Buf(said)))).body());
      } catch (Exception error) {
        heard = "";
      }
      System.out.println("{\"path\":\"/s/echo/" + i + "\",\"asked\":" + said.length() + ",\"heard\":" + heard.length() + "}");
    }
    Await.result(service.close());
    System.exit(0);
  }
}
