import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.message.MessageWriter;
import io.cloudevents.core.provider.EventFormatProvider;
import io.cloudevents.http.HttpMessageFactory;
import io.cloudevents.jackson.JsonFormat;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;

/** Sends what sdk_test.py asks for, by the CloudEvents SDK for Java. */
public final class Send {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String DATA = "{\"method\":\"GET\",\"endpoint\":\"/cafés\",\"status\":200,\"request_bytes\":10,"
      + "\"response_bytes\":2000,\"duration_ms\":12.5}";

  private static CloudEvent event(String id) {
    return CloudEventBuilder.v1().withId(id).withSource(URI.create("sdk")).withType("api.call").withSubject("acme")
        .withTime(OffsetDateTime.parse(System.getenv("METERGATE_TIME")))
        .withData("application/json", DATA.getBytes(StandardCharsets.UTF_8)).build();
  }

  private static HttpRequest.Builder request() {
    return HttpRequest.newBuilder(URI.create(System.getenv("METERGATE_URL")))
        .header("Authorization", "Bearer " + System.getenv("METERGATE_KEY"));
  }

  private static void post(HttpRequest.Builder request, byte[] body) throws Exception {
    HttpResponse<String> answer = CLIENT.send(request.POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
        HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 204) {
      throw new IllegalStateException(answer.statusCode() + ": " + answer.body());
    }
  }

  private static MessageWriter<?, ?> writer(HttpRequest.Builder request, byte[][] body) {
    return HttpMessageFactory.createWriter(request::setHeader, bytes -> body[0] = bytes);
  }

  public static void main(String[] arguments) throws Exception {
    for (int n = 0; n < 5; n++) {
      byte[][] body = new byte[1][];
      HttpRequest.Builder structured = request();
      writer(structured, body).writeStructured(event("structured-" + n), JsonFormat.CONTENT_TYPE);
      post(structured, body[0]);
      HttpRequest.Builder binary = request();
      writer(binary, body).writeBinary(event("binary-" + n));
      post(binary, body[0]);
    }
    // The SDK has no binding for batches; it writes the events of one.
    ByteArrayOutputStream batch = new ByteArrayOutputStream();
    for (int n = 0; n < 10; n++) {
      batch.write(n == 0 ? '[' : ',');
      batch.write(EventFormatProvider.getInstance().resolveFormat(JsonFormat.CONTENT_TYPE).serialize(event("batch-" + n)));
    }
    batch.write(']');
    post(request().header("Content-Type", "application/cloudevents-batch+json"), batch.toByteArray());
  }
}
