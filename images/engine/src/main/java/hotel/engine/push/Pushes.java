package hotel.engine.push;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an autoscaler which topics have new tasks that no worker waits for: one call for all of them, at most one every
 * 100 ms. Nobody waits for it. A call that fails is not repeated, for the autoscaler looks by itself as well.
 */
class Pushes implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Pushes.class);
    private static final int MOST_TOPICS = 1000;
    private static final int MOST_AT_ONCE = 50;
    private static final int LONGEST_TOPIC = 255;
    private static final long PAUSE_MILLIS = 100;
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private final URI address;
    private final Path token;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    private final Set<String> waiting = new LinkedHashSet<>();
    private final Thread sender = new Thread(this::send, "pushes");
    private boolean failing;

    Pushes(URI address, Path token) {
        this.address = address;
        this.token = token;
        sender.setDaemon(true);
        sender.start();
    }

    /** Notes that a topic has a new task. Where too many topics wait, it is left out. */
    void note(String topic) {
        if (topic == null || topic.isEmpty() || topic.length() > LONGEST_TOPIC) {
            return;
        }
        synchronized (waiting) {
            if (waiting.size() < MOST_TOPICS && waiting.add(topic)) {
                waiting.notifyAll();
            }
        }
    }

    @Override
    public void close() {
        sender.interrupt();
    }

    private void send() {
        try {
            while (true) {
                waitForOne();
                // Time enough for the fetches that wait to take the new tasks. One that waits still has left none.
                Thread.sleep(PAUSE_MILLIS);
                var topics = next();
                topics.removeIf(WaitingFetches::has);
                if (!topics.isEmpty()) {
                    push(topics);
                }
            }
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private void waitForOne() throws InterruptedException {
        synchronized (waiting) {
            while (waiting.isEmpty()) {
                waiting.wait();
            }
        }
    }

    private List<String> next() {
        synchronized (waiting) {
            var topics = new ArrayList<>(waiting.stream().limit(MOST_AT_ONCE).toList());
            topics.forEach(waiting::remove);
            return topics;
        }
    }

    private void push(List<String> topics) throws InterruptedException {
        try {
            var names = topics.stream().map(Pushes::quoted).collect(Collectors.joining(","));
            var request = HttpRequest.newBuilder(address)
                    .timeout(TIMEOUT)
                    .header("Authorization", "Bearer " + Files.readString(token).strip())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"topics\":[" + names + "]}"))
                    .build();
            var status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            say(status / 100 == 2, "it answered " + status);
        } catch (IOException | IllegalArgumentException error) {
            // Without the message: it might show the token.
            say(false, error.getClass().getSimpleName());
        }
    }

    /** One line when pushes begin to fail, and one when they arrive again. */
    private void say(boolean arrived, String why) {
        if (!arrived && !failing) {
            LOG.warn("Pushes to {} fail: {}. The autoscaler looks at its own interval.", address, why);
        } else if (arrived && failing) {
            LOG.info("Pushes to {} arrive again.", address);
        }
        failing = !arrived;
    }

    private static String quoted(String topic) {
        var text = new StringBuilder("\"");
        for (var character : topic.toCharArray()) {
            if (character == '"' || character == '\\') {
                text.append('\\').append(character);
            } else if (character < ' ' || Character.isSurrogate(character)) {
                text.append(String.format("\\u%04x", (int) character));
            } else {
                text.append(character);
            }
        }
        return text.append('"').toString();
    }
}
