package hotel.engine;

import java.io.IOException;
import java.net.JarURLConnection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.LifecycleEvent;
import org.apache.catalina.WebResourceRoot.ResourceSetType;
import org.apache.catalina.Context;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Lets the web applications find the files that their plugins keep in jars.
 *
 * <p>Spring Boot finds them in jars inside the engine's jar and in those of the class path, but not in those that a
 * jar's manifest names, which is how the engine starts when its jar is taken apart.
 */
@Component
class WebJars implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

    private static final String FILES = "META-INF/resources/";

    @Override
    public void customize(TomcatServletWebServerFactory factory) {
        factory.addContextCustomizers(context -> context.addLifecycleListener(event -> addTo(context, event)));
    }

    private static void addTo(Context context, LifecycleEvent event) {
        if (!event.getType().equals(Lifecycle.CONFIGURE_START_EVENT)) {
            return;
        }
        for (var connection : jarsWithFiles()) {
            context.getResources().createWebResourceSet(
                    ResourceSetType.RESOURCE_JAR, "/", connection.getJarFileURL(), "/META-INF/resources");
        }
    }

    private static List<JarURLConnection> jarsWithFiles() {
        var found = new ArrayList<JarURLConnection>();
        try {
            for (var url : Collections.list(WebJars.class.getClassLoader().getResources(FILES))) {
                // A jar that is a file of its own; Spring Boot has found those inside another one.
                if (url.openConnection() instanceof JarURLConnection connection
                        && connection.getJarFileURL().getProtocol().equals("file")) {
                    found.add(connection);
                }
            }
        } catch (IOException unreadable) {
            throw new SetupException("The engine's jars cannot be read: build or copy them again", unreadable);
        }
        return found;
    }
}
