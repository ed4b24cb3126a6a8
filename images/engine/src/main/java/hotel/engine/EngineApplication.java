package hotel.engine;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Starts the process engine with its REST API and web applications, all behind authentication. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class EngineApplication {

    public static void main(String[] arguments) {
        var application = new SpringApplication(EngineApplication.class);
        // Asked for before anything is started, so that a missing password costs no half-built engine.
        application.addInitializers(context ->
                context.getBeanFactory().registerSingleton("accounts", Accounts.of(System.getenv())));
        application.run(arguments);
    }
}
